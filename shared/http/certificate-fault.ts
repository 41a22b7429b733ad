import { SkerryError, systemCode } from '../errors.ts';

/** The codes that Node reports when it does not trust a certificate for a name. */
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

/**
 * The `untrusted-certificate` error when a request failed because of the other side's certificate. Undefined for other
 * faults.
 */
export function certificateFault(url: string, cause: unknown): SkerryError | undefined {
  const code = systemCode(cause);
  if (code === undefined || !CODES.has(code)) return undefined;
  return new SkerryError('untrusted-certificate', `the certificate of ${url} is not trusted (${code})`, {
    cause,
  });
}
