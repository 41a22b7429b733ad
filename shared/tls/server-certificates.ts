import type { SecureContext } from 'node:tls';

/** A certificate, followed by those of its issuers, and its private key. Both are PEM. */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

/** What a server shows to its clients. It may change while the server runs; open connections keep what they have. */
export interface ServerCertificates {
  /** The certificate for clients that name no host, and for hosts without a certificate of their own. */
  readonly shown: CertifiedKey;
  /** The certificate for a host that the client names. Undefined to use `shown`. */
  contextFor?(host: string): Promise<SecureContext | undefined>;
  /** Calls `listener` whenever `shown` has changed. */
  onChange(listener: () => void): void;
}

/** A certificate that never changes. */
export function unchanging(shown: CertifiedKey): ServerCertificates {
  return { shown, onChange() {} };
}
