import { type ErrorCode, SkerryError, systemCode } from '../errors.ts';
import { minute } from './expiry.ts';
import type { CertificateFault } from './trust.ts';

/** The error for a certificate that is not accepted. `now` is the time at which it was checked. */
export function certificateError(url: string, fault: CertificateFault, now: number): SkerryError {
  const [code, reason] = told(fault, now);
  return new SkerryError(code, `the certificate of ${url} ${reason}`);
}

function told(fault: CertificateFault, now: number): [ErrorCode, string] {
  switch (fault.reason) {
    case 'other-authority':
      return ['untrusted-certificate', `comes from another CA (${fault.issuer}; ${fault.code})`];
    case 'other-host':
      return ['untrusted-certificate', `does not cover this host (${fault.code})`];
    case 'other-log':
      return ['other-log', `belongs to the origin of another log (${fault.log})`];
    case 'other-member':
      return fault.name === undefined
        ? ['not-a-member', 'belongs to no member of this log']
        : ['not-a-member', `belongs to the edge ${fault.name}`];
    case 'expired':
      return ['certificate-dates', `expired on ${minute(fault.date)}; the clock here says ${minute(now)}`];
    case 'not-yet-valid':
      return [
        'certificate-dates',
        `is valid from ${minute(fault.date)} on; the clock here says ${minute(now)}`,
      ];
  }
}

/** OpenSSL's error codes for a response that is not TLS. */
const NOT_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_RECORD_LAYER_FAILURE',
]);

/** The error for a failed TLS handshake. Undefined if `cause` is another kind of fault. */
export function handshakeError(url: string, cause: unknown): SkerryError | undefined {
  const code = systemCode(cause);
  if (code !== undefined && NOT_TLS.has(code))
    return new SkerryError('not-tls', `${url} does not speak TLS`, { cause });
  const isCutOff = cause instanceof Error && cause.message.includes('before secure TLS connection');
  if (isCutOff || code === 'EPROTO' || code?.startsWith('ERR_SSL_'))
    return new SkerryError('tls-failed', `the TLS handshake with ${url} failed (${code ?? 'closed'})`, {
      cause,
    });
  return undefined;
}
