import { createPublicKey } from 'node:crypto';
import { type SigningKey, signingKeyToPem } from '../../shared/signing/keys.ts';
import type { CertifiedKey } from '../../shared/tls/server-certificates.ts';

/** The certificate that a parent shows to its children. The children know the parent's key from the log. */
export async function memberCertificate(name: string, key: SigningKey): Promise<CertifiedKey> {
  // Only parents need the library that creates certificates, and it takes long to load.
  const { issueMember } = await import('../../shared/tls/issue.ts');
  const { privateKey } = key;
  const cert = await issueMember(name, { privateKey, publicKey: createPublicKey(privateKey) });
  return { cert, key: signingKeyToPem(key) };
}
