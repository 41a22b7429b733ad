import type { Certificate } from '../../../shared/tls/certificate.ts';

/** The two files of a pair, as paths within the folder of certificates. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Finds the pairs among files: `NAME.crt` or `NAME.pem` with `NAME.key`, and certbot's `fullchain.pem` with
 * `privkey.pem`, each also one folder down. The pairs are in the order of their names.
 */
export function certificateFiles(files: readonly string[]): CertificateFiles[] {
  const present = new Set(files);
  const keyFor = (file: string): string | undefined => {
    if (/(^|\/)fullchain\.pem$/.test(file)) return file.replace(/fullchain\.pem$/, 'privkey.pem');
    return /\.(crt|pem)$/.test(file) ? file.replace(/\.(crt|pem)$/, '.key') : undefined;
  };
  return [...files].sort().flatMap((certificate) => {
    const key = keyFor(certificate);
    return key !== undefined && present.has(key) ? [{ certificate, key }] : [];
  });
}

/**
 * The certificate for this name or, if there is none, a wildcard certificate for its domain. If there are several, the
 * one that expires last.
 */
export function certificateFor(name: string, certificates: readonly Certificate[]): Certificate | undefined {
  const wildcard = name.replace(/^[^.]+/, '*');
  return lasting(certificates, name) ?? lasting(certificates, wildcard);
}

function lasting(certificates: readonly Certificate[], name: string): Certificate | undefined {
  return certificates
    .filter(({ names }) => names.includes(name))
    .reduce<Certificate | undefined>(
      (best, one) => (best && best.expires >= one.expires ? best : one),
      undefined,
    );
}
