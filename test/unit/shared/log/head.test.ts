import t from 'tap';
import type { Digest } from '../../../../shared/content/digest.ts';
import { type Head, signHead, verifyHead } from '../../../../shared/log/head.ts';
import { signText } from '../../../../shared/signing/keys.ts';
import { edgeKey, LOG, originKey, TIME } from '../fixed-keys.ts';

const unsigned = {
  log: LOG,
  epoch: 1,
  seq: 2,
  hash: 'e357470112787cf95edf6d1b2904cd3083332d7115fe432256c2d0defd912143' as Digest,
  time: TIME + 1000,
};
const head = signHead(unsigned, originKey);

t.test('the signature is the frozen one', async (t) => {
  // Computed with openssl.
  t.same(head, {
    ...unsigned,
    sig: 'j2TyK8iOaSLaY6FnYdz6lozUUekBHMwUgLG9YeInQTqgKks5BWuunnG3lphKXMULc8_jEHMyqb37CSo5Vv35CA',
  });
});

t.test('is over the canonical text', async (t) => {
  const text = `["skerry-head-1","${LOG}",1,2,"${unsigned.hash}",1767225601000]`;
  t.equal(head.sig, signText(originKey, text));
});

t.test('verifies with the key that signed it alone', async (t) => {
  t.equal(verifyHead(head, originKey.publicKey), true);
  t.equal(verifyHead(head, edgeKey.publicKey), false);
});

const changes: Partial<Head>[] = [
  { log: 'f'.repeat(32) },
  { epoch: 2 },
  { seq: 1 },
  { hash: '0'.repeat(64) },
  { time: TIME },
  { sig: '' },
  { sig: signHead({ ...unsigned, seq: 3 }, originKey).sig },
];

for (const change of changes) {
  t.test(`${JSON.stringify(change).slice(0, 40)} does not verify`, async (t) => {
    t.equal(verifyHead({ ...head, ...change }, originKey.publicKey), false);
  });
}
