import {
  fingerprintOf,
  type KeyFingerprint,
  type PublicKey,
  type SigningKey,
  signText,
  verifyText,
} from '../signing/keys.ts';
import type { Payload } from './record-kinds.ts';

/**
 * The recovery key certifies the origin's signing keys, and a join token carries the fingerprint of the recovery key.
 * In this way, an edge that has only its token can trust the records of this log and of no other.
 */
export function certifyKey(
  log: string,
  epoch: number,
  publicKey: PublicKey,
  recovery: SigningKey,
): Payload<'key'> {
  return {
    publicKey,
    recoveryKey: recovery.publicKey,
    certificate: signText(recovery, certificateText(log, epoch, publicKey)),
  };
}

/** The certified signing key. Undefined when the certificate does not lead to the trusted recovery key. */
export function certifiedKey(
  log: string,
  epoch: number,
  payload: Payload<'key'>,
  trusted: KeyFingerprint,
): PublicKey | undefined {
  const publicKey = payload.publicKey as PublicKey;
  const recoveryKey = payload.recoveryKey as PublicKey;
  if (fingerprintOf(recoveryKey) !== trusted) return undefined;
  return verifyText(recoveryKey, certificateText(log, epoch, publicKey), payload.certificate)
    ? publicKey
    : undefined;
}

function certificateText(log: string, epoch: number, publicKey: PublicKey): string {
  return JSON.stringify(['skerry-key-1', log, epoch, publicKey]);
}
