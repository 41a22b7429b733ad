import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { certificateFiles, certificateFor } from '../../../../../edge/serve/tls/certificates.ts';
import { type Certificate, readCertificate } from '../../../../../shared/tls/certificate.ts';
import { writeCertificate } from '../../../../helpers/certificates.ts';

t.test('which files belong together', async (t) => {
  const files = [
    ...['b.crt', 'b.key', 'a.pem', 'a.key', 'lonely.crt', 'lonely2.key', 'README'],
    ...[
      'x.example/fullchain.pem',
      'x.example/privkey.pem',
      'x.example/cert.pem',
      'k8s/tls.crt',
      'k8s/tls.key',
    ],
  ];
  t.same(certificateFiles(files), [
    { certificate: 'a.pem', key: 'a.key' },
    { certificate: 'b.crt', key: 'b.key' },
    { certificate: 'k8s/tls.crt', key: 'k8s/tls.key' },
    { certificate: 'x.example/fullchain.pem', key: 'x.example/privkey.pem' },
  ]);
});

t.test('a certificate by name', async (t) => {
  const one = (names: string[], expires = 1) => ({ names, expires }) as unknown as Certificate;
  const exact = one(['a.example']);
  const wild = one(['*.example', 'example']);
  const longer = one(['*.example'], 2);
  t.equal(certificateFor('a.example', [wild, exact]), exact);
  t.equal(certificateFor('b.example', [exact, wild]), wild);
  t.equal(certificateFor('b.example', [wild, longer]), longer);
  t.equal(certificateFor('example', [longer, wild]), wild);
  t.equal(certificateFor('a.b.example', [wild]), undefined);
  t.equal(certificateFor('', [wild]), undefined);
});

t.test('what is no certificate, or not with its key', async (t) => {
  const folder = t.testdir();
  await writeCertificate(join(folder, 'a'), ['A.example', '*.b.example']);
  await writeCertificate(join(folder, 'b'), ['b.example']);
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  const [pem, key, other] = await Promise.all(['a.crt', 'a.key', 'b.key'].map(read));
  t.same(readCertificate(pem ?? '', key ?? '').names, ['a.example', '*.b.example']);
  for (const [certificate, itsKey] of [
    [pem, other],
    [pem, 'no key'],
    ['no certificate', key],
    ['', ''],
  ])
    t.throws(() => readCertificate(certificate ?? '', itsKey ?? ''), { code: 'bad-certificate' });
});
