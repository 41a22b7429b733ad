import { hasCode, SkerryError } from '../../../shared/errors.ts';
import { revocation, verifyRevocation } from '../../../shared/log/revocation.ts';
import type { PublicKey } from '../../../shared/signing/keys.ts';
import type { Self } from './transfer.ts';

/**
 * Whether the error proves that the origin has revoked this edge. An upstream can send any error, so only the statement
 * in it counts, which the origin has signed with `key`.
 */
export function isRevocationOf({ name, key: own, log }: Self, key: PublicKey, error: unknown): boolean {
  if (!(error instanceof SkerryError) || !hasCode(error, 'edge-revoked')) return false;
  try {
    const stated = revocation.parse(error.details.revocation);
    const isOwn = stated.log === log && stated.edge === name && stated.publicKey === own.publicKey;
    return isOwn && verifyRevocation(stated, key);
  } catch {
    // The statement does not have the form of one.
    return false;
  }
}
