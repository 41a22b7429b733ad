import { timingSafeEqual } from 'node:crypto';
import type { Token } from '../../shared/wire/token-api.ts';
import type { KnownToken, StoredToken } from './token-calls.ts';

export const JOIN = 'join';

export function tokenState({ revoked, usedBy, expires }: KnownToken, time: number): Token['state'] {
  if (revoked) return 'revoked';
  if (usedBy !== null) return 'used';
  return expires !== null && expires <= time ? 'expired' : 'valid';
}

/** Whether the hash is that of the token's secret. Both hashes are SHA-256 digests of secrets. */
export function isSecretOf(token: Pick<StoredToken, 'secretHash'>, secretHash: Uint8Array): boolean {
  return timingSafeEqual(token.secretHash, secretHash);
}

/** Whether the token is an API token that is valid now. */
export function isValidForApi(token: KnownToken, time: number): boolean {
  return tokenState(token, time) === 'valid' && token.scope !== JOIN;
}
