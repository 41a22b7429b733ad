import t from 'tap';
import { certifiedKey, certifyKey } from '../../../../shared/log/certificate.ts';
import { edgeKey, LOG, originKey, recoveryKey } from '../fixed-keys.ts';

const certified = certifyKey(LOG, 1, originKey.publicKey, recoveryKey);

t.test('the certificate is the frozen one', async (t) => {
  // The signature was computed with openssl.
  t.same(certified, {
    publicKey: 'gTl3Dqh9F19Wo1Rmw0x-zMuNipG07jeiXfYPW4_Js5Q',
    recoveryKey: 'iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w',
    certificate: 'ED0vTbBtKufIOT4akI9l5gEOBZjVzhyysWq9NOxsrggrYO5r5VBpAXe1M3XpBLMU7TIHvc2fI3zXGtXFbVovDw',
  });
});

t.test('leads from the trusted recovery key to the signing key', async (t) => {
  t.equal(certifiedKey(LOG, 1, certified, recoveryKey.fingerprint), originKey.publicKey);
});

t.test('is good for one log and one epoch', async (t) => {
  t.equal(certifiedKey('f'.repeat(32), 1, certified, recoveryKey.fingerprint), undefined);
  t.equal(certifiedKey(LOG, 2, certified, recoveryKey.fingerprint), undefined);
});

t.test('does not lead to another key', async (t) => {
  const swapped = { ...certified, publicKey: edgeKey.publicKey };
  t.equal(certifiedKey(LOG, 1, swapped, recoveryKey.fingerprint), undefined);
});

t.test('does not lead from another recovery key', async (t) => {
  const byStranger = certifyKey(LOG, 1, originKey.publicKey, edgeKey);
  t.equal(certifiedKey(LOG, 1, byStranger, edgeKey.fingerprint), originKey.publicKey, 'whole in itself');
  t.equal(certifiedKey(LOG, 1, byStranger, recoveryKey.fingerprint), undefined, 'but not trusted');
  const forged = { ...byStranger, recoveryKey: recoveryKey.publicKey };
  t.equal(certifiedKey(LOG, 1, forged, recoveryKey.fingerprint), undefined, 'nor under the trusted name');
});

t.test('malformed fields give no key and no exception', async (t) => {
  for (const change of [
    { certificate: '' },
    { certificate: 'AAAA' },
    { recoveryKey: '' },
    { publicKey: '' },
  ]) {
    t.equal(certifiedKey(LOG, 1, { ...certified, ...change }, recoveryKey.fingerprint), undefined);
  }
});
