import type { X509Certificate } from 'node:crypto';
import {
  fingerprintOf,
  type KeyFingerprint,
  type PublicKey,
  type Signature,
  type SigningKey,
  signText,
  verifyText,
} from '../signing/keys.ts';

/**
 * The recovery key's statement that a key belongs to the certificate authority (CA) of this log. The CA certificate
 * carries the statement as a URI among its names, because Node gives programs access to names, but not to custom
 * extensions. So a client that knows only the fingerprint of the recovery key can check a certificate of the origin.
 */
export interface AuthorityStatement {
  readonly log: string;
  readonly recoveryKey: PublicKey;
  readonly signature: Signature;
}

/** `key` is the public key of the CA in DER (SubjectPublicKeyInfo). The statement does not expire. */
export function certifyAuthority(log: string, key: Buffer, recovery: SigningKey): AuthorityStatement {
  const signature = signText(recovery, statementText(log, key));
  return { log, recoveryKey: recovery.publicKey, signature };
}

export function authorityUri({ log, recoveryKey, signature }: AuthorityStatement): string {
  return `skerry-authority:${log}:${recoveryKey}:${signature}`;
}

const uri = /(?:^|, )URI:skerry-authority:([0-9a-f]{32}):([A-Za-z0-9_-]{43}):([A-Za-z0-9_-]{86})(?:$|, )/;

/** The statement in a certificate. Undefined if the certificate is not that of an origin's CA. */
export function statementIn(certificate: X509Certificate): AuthorityStatement | undefined {
  const [, log, recoveryKey, signature] = uri.exec(certificate.subjectAltName ?? '') ?? [];
  if (log === undefined || recoveryKey === undefined || signature === undefined) return undefined;
  return { log, recoveryKey: recoveryKey as PublicKey, signature: signature as Signature };
}

/** Whether the recovery key that the statement names has signed the statement for this CA certificate. */
export function isSigned(statement: AuthorityStatement, authority: X509Certificate): boolean {
  const key = authority.publicKey.export({ format: 'der', type: 'spki' });
  return verifyText(statement.recoveryKey, statementText(statement.log, key), statement.signature);
}

export function leadsTo(statement: AuthorityStatement, recovery: KeyFingerprint): boolean {
  return fingerprintOf(statement.recoveryKey) === recovery;
}

function statementText(log: string, key: Buffer): string {
  return JSON.stringify(['skerry-authority-1', log, key.toString('base64url')]);
}
