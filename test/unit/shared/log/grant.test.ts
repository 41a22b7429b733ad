import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { schema } from '../../../../shared/json/schema.ts';
import {
  MAX_GRANT_BYTES,
  type SignedGrant,
  signedGrantSchema,
  signGrant,
  verifiedGrant,
} from '../../../../shared/log/grant.ts';
import { signText } from '../../../../shared/signing/keys.ts';
import { MAX_ASSIGNMENTS_BYTES } from '../../../../shared/work/assignment.ts';
import { edgeKey, LOG, originKey, TIME } from '../fixed-keys.ts';

const OF = { log: LOG, epoch: 1 };
const ANSWERED = { edge: 'oslo-1', report: digestOf('{}') };
const grant = {
  ...{ newest: TIME, time: TIME + 2000, lease: 6000, serves: 6000, heartbeat: 2000, diverged: false },
  assignments: digestOf(
    '[{"task":7,"share":0,"attempt":1,"nonce":"AAECAwQFBgcICQoLDA0ODw","kind":"verify","args":{"repair":true}}]',
  ),
  takes: ['receipt'],
};
const signed = signGrant(OF, ANSWERED, grant, originKey);
/** Signs a text as a later origin might. */
const saying = (text: string): SignedGrant => ({
  ...{ ...ANSWERED, text },
  sig: signText(
    originKey,
    JSON.stringify(['skerry-grant-1', LOG, 1, ANSWERED.edge, ANSWERED.report, digestOf(text)]),
  ),
});

t.test('the signature is the frozen one', async (t) => {
  // Computed with openssl.
  t.same(signed, {
    ...ANSWERED,
    text: `{"newest":1767225600000,"time":1767225602000,"lease":6000,"serves":6000,"heartbeat":2000,"diverged":false,"assignments":"f051703439242eb89c6cb3c4e3183d9c0ad2759d38bd038f29fd8ac038536804","takes":["receipt"]}`,
    sig: '9GLEE_zp2Wnwma3thm5f1doP5XTUCzATys_aq3DLcI2yZ9KTL5Fw9cK1UrkBhHB134D4l2RWF-9ckgykFAKjBQ',
  });
});

t.test('is over the canonical text', async (t) => {
  const text = `["skerry-grant-1","${LOG}",1,"oslo-1","${digestOf('{}')}","${digestOf(signed.text)}"]`;
  t.equal(signed.sig, signText(originKey, text));
});

t.test('verifies with the key, the log and the epoch that signed it alone', async (t) => {
  t.strictSame(verifiedGrant(OF, signed, originKey.publicKey), grant);
  t.equal(verifiedGrant(OF, signed, edgeKey.publicKey), undefined);
  t.equal(verifiedGrant({ ...OF, log: 'f'.repeat(32) }, signed, originKey.publicKey), undefined);
  t.equal(verifiedGrant({ ...OF, epoch: 2 }, signed, originKey.publicKey), undefined);
});

t.test('nothing in it can be changed', async (t) => {
  const changes: Partial<SignedGrant>[] = [
    { edge: 'oslo-2' },
    { report: digestOf('[]') },
    { text: signed.text.replace('6000', '6001') },
    { text: `${signed.text} ` },
    { sig: '' },
  ];
  for (const change of changes)
    t.equal(
      verifiedGrant(OF, { ...signed, ...change }, originKey.publicKey),
      undefined,
      JSON.stringify(change),
    );
});

t.test('an edge ignores the fields of a later origin', async (t) => {
  const later = saying(JSON.stringify({ ...grant, later: { of: ['any', 'form'] } }));
  t.match(verifiedGrant(OF, later, originKey.publicKey), grant);
});

t.test('a signed text of another form is refused', async (t) => {
  for (const text of [
    '',
    '{}',
    '[]',
    ...[{ lease: -1 }, { serves: 1.5 }, { heartbeat: 10 }, { takes: ['A'] }, { assignments: 'x' }].map(
      altered,
    ),
  ])
    t.throws(() => verifiedGrant(OF, saying(text), originKey.publicKey), { code: 'upstream-protocol' }, text);
  function altered(change: object): string {
    return JSON.stringify({ ...grant, ...change });
  }
});

t.test('the schema takes a grant and refuses a malformed one', async (t) => {
  const grants = schema(signedGrantSchema);
  t.same(grants.parse(signed), signed);
  t.same(grants.parse({ ...signed, list: '[]' }), { ...signed, list: '[]' });
  for (const change of [
    { report: 'x' },
    { edge: null },
    { text: 'x'.repeat(MAX_GRANT_BYTES + 1) },
    { sig: '' },
    { list: 'x'.repeat(MAX_ASSIGNMENTS_BYTES + 1) },
  ])
    t.throws(() => grants.parse({ ...signed, ...change }), { code: 'bad-request' });
});
