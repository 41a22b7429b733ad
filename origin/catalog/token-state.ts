import { timingSafeEqual } from 'node:crypto';
import type { Token } from '../../shared/wire/api.ts';
import type { KnownToken, StoredToken } from './token-calls.ts';

export const JOIN = 'join';

export function tokenState({ revoked, usedBy, expires }: KnownToken, time: number): Token['state'] {
  if (revoked) return 'revoked';
  if (usedBy !== null) return 'used';
  return expires !== null && expires <= time ? 'expired' : 'valid';
}

/** Both are SHA-256 digests of secrets. */
export function isSecretOf(token: Pick<StoredToken, 'secret'>, secret: Uint8Array): boolean {
  return timingSafeEqual(token.secret, secret);
}

/** The scope of a valid token; undefined for one that is unknown, expired, revoked or for joining. */
export function apiScope(
  token: StoredToken | undefined,
  secret: Uint8Array,
  time: number,
): string | undefined {
  if (token === undefined || !isSecretOf(token, secret)) return undefined;
  return tokenState(token, time) === 'valid' && token.scope !== JOIN ? token.scope : undefined;
}
