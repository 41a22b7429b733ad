import type { SecureContext } from 'node:tls';

/**
 * A certificate chain that begins with the server's own certificate, and the private key of that certificate. Both are
 * PEM.
 */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

/**
 * The certificates that a server presents to its clients. They may change while the server runs. Open connections are
 * not affected.
 */
export interface ServerCertificates {
  /** The certificate for clients that name no host, and for hosts without a certificate of their own. */
  readonly shown: CertifiedKey;
  /** The certificate for a host that the client names. Resolves to undefined if `shown` should be used. */
  contextFor?(host: string): Promise<SecureContext | undefined>;
  /** Calls `listener` whenever `shown` has changed. */
  onChange(listener: () => void): void;
}

/** A certificate that never changes. */
export function unchanging(shown: CertifiedKey): ServerCertificates {
  return { shown, onChange() {} };
}
