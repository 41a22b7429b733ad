import { SkerryError, systemCode } from '../errors.ts';

/** What Node says of a certificate that it does not trust for a name. */
const CODES: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** `untrusted-certificate` when a request failed for the certificate of the other side; undefined for other faults. */
export function certificateFault(url: string, cause: unknown): SkerryError | undefined {
  const code = systemCode(cause);
  if (code === undefined || !CODES.has(code)) return undefined;
  return new SkerryError('untrusted-certificate', `the certificate of ${url} is not trusted (${code})`, {
    cause,
  });
}
