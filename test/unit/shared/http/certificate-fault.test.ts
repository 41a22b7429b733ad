import t from 'tap';
import { certificateFault } from '../../../../shared/http/certificate-fault.ts';

t.test('a certificate that is not trusted is told from a host that does not answer', async (t) => {
  const cause = Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' });
  t.match(certificateFault('https://a.example', cause), {
    code: 'untrusted-certificate',
    message: 'the certificate of https://a.example is not trusted (CERT_HAS_EXPIRED)',
    cause,
  });
  t.equal(
    certificateFault('https://a.example', Object.assign(new Error(), { code: 'ECONNREFUSED' })),
    undefined,
  );
  t.equal(certificateFault('https://a.example', new Error('no code')), undefined);
});
