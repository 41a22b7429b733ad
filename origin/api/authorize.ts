import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { parseApiToken } from '../../shared/wire/api-token.ts';
import { secretHash } from '../../shared/wire/join-proof.ts';
import { type Need, requirePermission } from '../access/permission.ts';
import type { Scope } from '../access/scopes.ts';
import { validToken } from '../access/tokens.ts';
import { noteToken } from '../callers/caller.ts';
import type { TokenCalls } from '../catalog/token-calls.ts';
import { isSecretOf } from '../catalog/token-state.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The scopes of the caller's token. Null until the token has been checked. */
    scopes: readonly Scope[] | null;
  }
}

type TokenReads = Pick<Remote<TokenCalls>, 'token'>;

/** The scopes of the caller's token. Throws `unauthenticated`. */
export async function authenticate(
  request: Pick<FastifyRequest, 'headers'>,
  catalog: TokenReads,
  clock: Clock,
): Promise<readonly Scope[]> {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) throw new SkerryError('unauthenticated', 'the request needs a token');
  const shown = parseApiToken(bearer);
  const token = shown && (await validToken(catalog, shown.id, clock.now()));
  if (shown === undefined || token === undefined || !isSecretOf(token, secretHash(shown.secret))) {
    throw new SkerryError('unauthenticated', 'the token is unknown, expired, revoked or a join token');
  }
  noteToken(token);
  return token.scopes;
}

/** The scopes of the caller's token. Throws `unauthenticated` or `forbidden`. */
export async function authorize(
  request: Pick<FastifyRequest, 'headers'>,
  need: Need,
  catalog: TokenReads,
  clock: Clock,
): Promise<readonly Scope[]> {
  const scopes = await authenticate(request, catalog, clock);
  requirePermission(scopes, need);
  return scopes;
}

/** The scopes of the caller's token, on a route that checked a permission before it read the body. */
export function scopesOf({ scopes }: Pick<FastifyRequest, 'scopes'>): readonly Scope[] {
  if (scopes === null) throw new TypeError('the route asks for no permission');
  return scopes;
}
