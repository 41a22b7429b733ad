import { hash, randomBytes } from 'node:crypto';
import type { NewToken, TokenRequest } from '../../shared/api.ts';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { KeyFingerprint } from '../../shared/keys.ts';
import type { Catalog } from '../log/catalog.ts';
import { parseScopes } from './scopes.ts';

/** An API token is `sk_ID.SECRET`; a join token `skj_ID.SECRET.FINGERPRINT`, of the recovery key to trust. */
export async function createToken(
  catalog: Catalog,
  clock: Clock,
  request: TokenRequest,
  recovery: KeyFingerprint,
): Promise<NewToken> {
  const { scope } = request;
  const isJoin = parseScopes(scope).includes('join');
  if (request.edge !== undefined && !isJoin) {
    throw new SkerryError('bad-request', 'only a join token can be bound to an edge');
  }
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(24).toString('base64url');
  const now = clock.now();
  const expires = request.expires === undefined ? null : now + request.expires * 1000;
  await catalog.createToken(
    { id, secret: secretHash(secret), scope, edge: request.edge ?? null, expires },
    now,
  );
  return { id, token: isJoin ? `skj_${id}.${secret}.${recovery}` : `sk_${id}.${secret}` };
}

const apiToken = /^sk_([0-9a-f]{12})\.([A-Za-z0-9_-]{32})$/;
const joinToken = /^skj_([0-9a-f]{12})\.([A-Za-z0-9_-]{32})\.([0-9a-f]{32})$/;

interface TokenParts {
  readonly id: string;
  readonly secret: Buffer;
}

export const parseApiToken = (text: string) => parts(apiToken.exec(text));

/** Undefined too when the token was made by another origin than the one with this recovery key. */
export function parseJoinToken(text: string, recovery: KeyFingerprint): TokenParts | undefined {
  const match = joinToken.exec(text);
  return match?.[3] === recovery ? parts(match) : undefined;
}

function parts(match: RegExpExecArray | null): TokenParts | undefined {
  const [, id, secret] = match ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret: secretHash(secret) };
}

/** 24 random bytes need no slow hash. */
function secretHash(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
