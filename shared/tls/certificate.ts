import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { SkerryError } from '../errors.ts';
import { CIPHERS } from './ciphers.ts';

/** A certificate with its key, ready for use. */
export interface Certificate {
  readonly pem: string;
  readonly key: string;
  /** The host names in the certificate, in lower case. `*.` at the beginning stands for one label. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly expires: number;
  readonly context: SecureContext;
}

/**
 * Throws `bad-certificate` if the certificate or the key is malformed, or if the key belongs to another certificate.
 */
export function readCertificate(pem: string, key: string): Certificate {
  try {
    const certificate = new X509Certificate(pem);
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      throw new Error('the key belongs to another certificate');
    const names = [...(certificate.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,]+)/g)];
    return {
      pem,
      key,
      names: names.map(([, name = '']) => name.toLowerCase()),
      expires: certificate.validToDate.getTime(),
      context: createSecureContext({ ...CIPHERS, cert: pem, key }),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SkerryError('bad-certificate', `not a usable certificate: ${reason}`, { cause });
  }
}
