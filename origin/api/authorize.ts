import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { parseApiToken } from '../../shared/wire/api-token.ts';
import { secretHash } from '../../shared/wire/join-proof.ts';
import type { FailedAttempts } from '../access/failed-attempts.ts';
import { type Need, requirePermission } from '../access/permission.ts';
import type { Scope } from '../access/scopes.ts';
import type { TokenUse } from '../access/token-use.ts';
import { type ValidToken, validToken } from '../access/tokens.ts';
import { noteToken } from '../callers/caller.ts';
import type { TokenCalls } from '../catalog/token-calls.ts';
import { isSecretOf } from '../catalog/token-state.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's token. Null until it has been checked. */
    token: Pick<ValidToken, 'id' | 'scopes'> | null;
  }
}

export interface Authenticator {
  readonly catalog: Pick<Remote<TokenCalls>, 'token'>;
  readonly clock: Clock;
  readonly attempts: Pick<FailedAttempts, 'check' | 'failed' | 'proven'>;
  readonly tokenUse: Pick<TokenUse, 'used'>;
}

type Request = Pick<FastifyRequest, 'headers' | 'client'>;

/** The caller's token. Throws `unauthenticated`, and `too-many-requests` for a client that has failed too often. */
export async function authenticate(
  { headers, client }: Request,
  { catalog, clock, attempts, tokenUse }: Authenticator,
): Promise<ValidToken> {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer === undefined) throw new SkerryError('unauthenticated', 'the request needs a token');
  const shown = parseApiToken(bearer);
  attempts.check(client, shown?.id);
  const token = shown && (await validToken(catalog, shown.id, clock.now()));
  if (shown === undefined || token === undefined || !isSecretOf(token, secretHash(shown.secret))) {
    attempts.failed(client);
    throw new SkerryError('unauthenticated', 'the token is unknown, expired, revoked or a join token');
  }
  attempts.proven(client, token.id);
  tokenUse.used(token.id, clock.now());
  noteToken(token);
  return token;
}

/** The caller's token. Throws like `authenticate`, and `forbidden`. */
export async function authorize(request: Request, need: Need, by: Authenticator): Promise<ValidToken> {
  const token = await authenticate(request, by);
  requirePermission(token.scopes, need);
  return token;
}

/** The scopes of the caller's token, on a route that checked a permission before it read the body. */
export function scopesOf({ token }: Pick<FastifyRequest, 'token'>): readonly Scope[] {
  if (token === null) throw new TypeError('the route asks for no permission');
  return token.scopes;
}
