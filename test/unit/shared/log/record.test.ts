import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { schema } from '../../../../shared/json/schema.ts';
import { certifyKey } from '../../../../shared/log/certificate.ts';
import {
  canonicalRecord,
  GENESIS,
  type LogRecord,
  recordHash,
  recordSchema,
  signRecord,
  type UnsignedRecord,
  verifyRecord,
} from '../../../../shared/log/record.ts';
import { isKnownKind, payloads } from '../../../../shared/log/record-kinds.ts';
import { edgeKey, LOG, originKey, ROOT, recoveryKey, TIME } from '../fixed-keys.ts';

const keyRecord: UnsignedRecord = {
  log: LOG,
  epoch: 1,
  seq: 1,
  prev: GENESIS,
  kind: 'key',
  critical: true,
  time: TIME,
  site: 0,
  revision: 0,
  root: null,
  payload: JSON.stringify(certifyKey(LOG, 1, originKey.publicKey, recoveryKey)),
};
const revisionRecord: UnsignedRecord = {
  ...keyRecord,
  seq: 2,
  prev: recordHash(keyRecord),
  kind: 'revision',
  site: 1,
  revision: 1,
  root: ROOT,
  payload: '{"base":0,"files":3,"bytes":37,"message":"first","restores":null,"mode":"async"}',
};

t.test('canonical texts, hashes and signatures are the frozen ones', async (t) => {
  t.equal(
    canonicalRecord(keyRecord),
    `["skerry-record-1","${LOG}",1,1,"${'0'.repeat(64)}","key",true,1767225600000,0,0,null,` +
      '"7c75a39d001bf9a24edda89e38ca3523e764d23e5f64baa8d6720f6f441ef6c3"]',
  );
  t.equal(recordHash(keyRecord), 'df09c113078a7f60754e74af261504e60e33459d41fa84c29a81e3bb7443a608');
  t.equal(
    signRecord(keyRecord, originKey).sig,
    'Zm6IU4PxkOwd6Ji-totetAJyBdfalUSHp0II3BVd0fJcozrT5nw6eShnPvKvIpUEN5AzNXttPhsA4HTJY-kJCw',
  );
  // Hash and signature of this one were computed with Python's hashlib and openssl.
  t.equal(
    canonicalRecord(revisionRecord),
    `["skerry-record-1","${LOG}",1,2,"df09c113078a7f60754e74af261504e60e33459d41fa84c29a81e3bb7443a608",` +
      `"revision",true,1767225600000,1,1,"${ROOT}",` +
      '"9c410d7996cbb54bf5aab6c6cc761b39ec7295343075ae351ea1ba0d0a8a1bed"]',
  );
  t.equal(recordHash(revisionRecord), 'e357470112787cf95edf6d1b2904cd3083332d7115fe432256c2d0defd912143');
  t.equal(
    signRecord(revisionRecord, originKey).sig,
    'xKzCaERjOjgZyhEQR5GopMgDg9Hm5uLQNXcQ-6NdWO21O8k7dAtVWv0WiOuLEQSK-26CehpNFikIwFv3SL5nAg',
  );
});

t.test('verifies with the key that signed it alone', async (t) => {
  const signed = signRecord(revisionRecord, originKey);
  t.equal(verifyRecord(signed, originKey.publicKey), true);
  t.equal(verifyRecord(signed, edgeKey.publicKey), false);
});

t.test('verifies whatever the order of its fields', async (t) => {
  const { log, ...rest } = signRecord(revisionRecord, originKey);
  t.equal(verifyRecord({ ...rest, log }, originKey.publicKey), true);
});

const changes: Partial<LogRecord>[] = [
  { log: 'f'.repeat(32) },
  { epoch: 2 },
  { seq: 3 },
  { prev: GENESIS },
  { kind: 'activate' },
  { critical: false },
  { time: TIME + 1 },
  { site: 2 },
  { revision: 2 },
  { root: digestOf('other') },
  { root: null },
  { payload: revisionRecord.payload.replace('first', 'firsT') },
  { payload: `${revisionRecord.payload} ` },
];

for (const change of changes) {
  t.test(`${JSON.stringify(change).slice(0, 40)} breaks the signature and changes the hash`, async (t) => {
    const altered = { ...signRecord(revisionRecord, originKey), ...change };
    t.equal(verifyRecord(altered, originKey.publicKey), false);
    t.not(recordHash(altered), recordHash(revisionRecord));
  });
}

t.test('the schema takes a signed record', async (t) => {
  const signed = signRecord(revisionRecord, originKey);
  t.same(schema(recordSchema).parse(signed), signed);
});

t.test('the schema refuses what is malformed', async (t) => {
  const records = schema(recordSchema);
  const signed = signRecord(revisionRecord, originKey);
  for (const change of [
    { log: 'F'.repeat(32) },
    { log: 'f'.repeat(31) },
    { epoch: 0 },
    { seq: 0 },
    { seq: 1.5 },
    { seq: '2' },
    { prev: 'x' },
    { kind: '' },
    { kind: 'Revision' },
    { kind: 'a-' },
    { critical: 1 },
    { time: -1 },
    { site: -1 },
    { revision: -1 },
    { root: '' },
    { payload: {} },
    { sig: '' },
    { sig: `${signed.sig}=` },
    { extra: 1 },
  ]) {
    t.throws(
      () => records.parse({ ...signed, ...change }),
      { code: 'bad-request' },
      JSON.stringify(change).slice(0, 40),
    );
  }
  const { prev: _, ...without } = signed;
  t.throws(() => records.parse(without), { code: 'bad-request' });
});

t.test('knows exactly the kinds that it writes', async (t) => {
  const kinds = [
    'key',
    'settings',
    'member',
    'revision',
    'activate',
    'abort',
    'alias',
    'rollout',
    'outcome',
    'purge',
    'checkpoint',
  ];
  t.strictSame(Object.keys(payloads).sort(), kinds.sort());
  for (const kind of kinds) t.equal(isKnownKind(kind), true, kind);
  for (const kind of ['unheard-of', 'Key', 'toString', '__proto__', ''])
    t.equal(isKnownKind(kind), false, kind);
});

t.test('a payload may have fields of a later version, but lacks none of its own', async (t) => {
  t.same(payloads.activate.parseText('{"mode":"sync","later":1}'), { mode: 'sync', later: 1 });
  t.throws(() => payloads.activate.parseText('{"mode":"never"}'), { code: 'bad-request' });
  t.throws(() => payloads.revision.parseText('{"base":0}'), { code: 'bad-request' });
  t.throws(() => payloads.key.parseText('{', 'bad-signature'), { code: 'bad-signature' });
});
