import t from 'tap';
import { certificateError, handshakeError } from '../../../../shared/tls/tls-errors.ts';
import type { CertificateFault } from '../../../../shared/tls/trust.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4);

t.test('each fault of a certificate has an error that names it', async (t) => {
  const table: [CertificateFault, string, string][] = [
    [
      { reason: 'other-authority', issuer: 'CN=x', code: 'C' },
      'untrusted-certificate',
      'comes from another CA (CN=x; C)',
    ],
    [{ reason: 'other-host', code: 'C' }, 'untrusted-certificate', 'does not cover this host (C)'],
    [{ reason: 'other-log', log: 'ab' }, 'other-log', 'belongs to the origin of another log (ab)'],
    [{ reason: 'other-member', name: undefined }, 'not-a-member', 'belongs to no member of this log'],
    [{ reason: 'other-member', name: 'oslo' }, 'not-a-member', 'belongs to the edge oslo'],
    [
      { reason: 'expired', date: NOW - 60_000 },
      'certificate-dates',
      'expired on 2026-01-02 03:03 UTC; the clock here says 2026-01-02 03:04 UTC',
    ],
    [
      { reason: 'not-yet-valid', date: NOW + 60_000 },
      'certificate-dates',
      'is valid from 2026-01-02 03:05 UTC on; the clock here says 2026-01-02 03:04 UTC',
    ],
  ];
  for (const [fault, code, said] of table)
    t.match(certificateError('https://a.example', fault, NOW), {
      code,
      message: `the certificate of https://a.example ${said}`,
    });
});

t.test('a handshake that failed is told from a host that does not answer', async (t) => {
  const failed = (code: string | undefined, message = '') => {
    const cause = Object.assign(new Error(message), code && { code });
    return handshakeError('https://a.example', cause)?.code;
  };
  t.equal(failed('ERR_SSL_WRONG_VERSION_NUMBER'), 'not-tls');
  t.equal(failed('ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'), 'tls-failed');
  t.equal(failed('EPROTO'), 'tls-failed');
  const cutOff = 'Client network socket disconnected before secure TLS connection was established';
  t.equal(failed('ECONNRESET', cutOff), 'tls-failed');
  t.equal(failed('ECONNRESET'), undefined);
  t.equal(failed('ECONNREFUSED'), undefined);
  t.equal(failed(undefined), undefined);
});
