import t from 'tap';
import { withoutSecrets } from '../../../../../edge/work/report-state/without-secrets.ts';
import { ACCESS_TOKEN, signAccess } from '../../../../../shared/site/signed-url.ts';
import { edgeKey, fixedPem } from '../../../shared/fixed-keys.ts';

const random = 'mGUtv8PQqwQvx8k5QeF30h0_HvBKyNtA';
const grant = signAccess({ path: '/video/', expires: 1_900_000_000, client: null }, edgeKey);

t.test('what is cut', async (t) => {
  const secrets: [text: string, secret: string][] = [
    [`a token sk_0123456789ab.${random} was refused`, random],
    [`skj_0123456789ab.${random}.0123`, random],
    [`{"token":"ska_${random}"}`, random],
    ['{"headers":{"authorization":"Bearer short"}}', 'short'],
    ['Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    [fixedPem(3), fixedPem(3).split('\n')[1] ?? ''],
    [JSON.stringify({ key: fixedPem(3) }), fixedPem(3).split('\n')[1] ?? ''],
    [fixedPem(3).slice(0, 80), fixedPem(3).slice(28, 80)],
    [`GET /video/a.mp4?${ACCESS_TOKEN}=${grant} failed`, grant.slice(-20)],
    [`{"url":"https://a.test/x?X-Amz-Signature=0123456789abcdef&y=1"}`, '0123456789abcdef'],
    [`{"url":"/x?%73kerry-token=abc"}`, 'abc'],
    [`cookie: ${ACCESS_TOKEN}=abc; other=1`, 'abc'],
    ['http://operator:hunter2@origin.test:7400/feed', 'hunter2'],
    ['{"password":"with \\" a quote"}', 'a quote'],
    ['{"admin-token":"x"}', '"x"'],
    [`the key ${random}${random.slice(0, 11)}`, random],
    [edgeKey.publicKey, edgeKey.publicKey],
    // Standard base64, with slashes in it.
    ['the key q83v/Abc/dEf/Gh1j/Kl+m/no8= is wrong', 'no8'],
    ['{"key":"q83vAbc/dEfGhj/Kl2mNo/pqrs"}', 'pqrs'],
    ['{"key":"pqrsabc/dEfGhj/Kl2mNo/abcd"}', 'pqrs'],
  ];
  for (const [text, secret] of secrets) {
    t.ok(text.includes(secret), `${secret} is planted`);
    t.notOk(withoutSecrets(text).includes(secret), `${text} → ${withoutSecrets(text)}`);
  }
});

t.test('what stays', async (t) => {
  for (const text of [
    'the site docs could not be synchronized: /a/b/c.html',
    `the digest ${'0123456789abcdef'.repeat(4)} is missing`,
    'a-very-long-name-of-a-site-that-nobody-would-take-for-a-secret',
    '{"level":40,"time":1767225600000,"site":"docs","msg":"a revision was not revealed"}',
    'http://parent.test:7404 passes on no newer head of the origin',
    '/work/site/a-long-folder/another/page.html is missing',
    'why? nobody knows',
  ])
    t.equal(withoutSecrets(text), text.replace('why? ', 'why?[cut] '));
});
