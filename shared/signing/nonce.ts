import { randomBytes } from 'node:crypto';

/** 16 random bytes as base64url. */
export const NONCE_PATTERN = '^[A-Za-z0-9_-]{22}$';

export function newNonce(): string {
  return randomBytes(16).toString('base64url');
}
