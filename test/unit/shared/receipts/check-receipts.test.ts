import t from 'tap';
import { checkReceipts } from '../../../../shared/receipts/check-receipts.ts';
import {
  type ReceiptFile,
  readReceiptFile,
  writeReceiptFile,
} from '../../../../shared/receipts/receipt-file.ts';
import { generateSigningKey, signText } from '../../../../shared/signing/keys.ts';
import {
  activation,
  hosts,
  purgeReceiptOf,
  receiptFile,
  receiptOf,
  STEP,
  TAKEN_BACK,
} from '../../../helpers/receipt-files.ts';
import { edgeKey, LOG, originKey, recoveryKey } from '../fixed-keys.ts';

const fleet = hosts(3);
const [first, second, third] = fleet as [(typeof fleet)[0], (typeof fleet)[0], (typeof fleet)[0]];
const file = receiptFile(fleet);
const faultsOf = (changed: ReceiptFile, trusted?: typeof recoveryKey.fingerprint) =>
  checkReceipts(changed, trusted).faults;

t.test('a file as the origin writes it', async (t) => {
  const read = readReceiptFile(Buffer.from(writeReceiptFile(file)));
  t.strictSame(read, file);
  const { recovery, faults, confirmed, missing } = checkReceipts(read, recoveryKey.fingerprint);
  t.strictSame(faults, []);
  t.equal(recovery, recoveryKey.fingerprint);
  t.strictSame(
    confirmed.map(({ member }) => member[0]),
    fleet.map(({ name }) => name),
  );
  t.strictSame(missing, []);
  t.equal(checkReceipts(read).recovery, recoveryKey.fingerprint, 'is told to who does not know it');
});

t.test('200 edges take at most 700 bytes each', async (t) => {
  const many = receiptFile(hosts(200));
  const text = writeReceiptFile(many);
  t.ok(text.length / 200 <= 700, `${text.length / 200} bytes`);
  t.strictSame(faultsOf(many), []);
});

t.test('who has not answered is missing, and is no fault', async (t) => {
  const { faults, confirmed, missing } = checkReceipts(receiptFile([first, { ...second, answered: false }]));
  t.strictSame(faults, []);
  t.equal(confirmed.length, 1);
  t.match(missing, [[second.name]]);
});

t.test('a purge', async (t) => {
  const record = activation({ kind: 'purge', critical: false, root: null, payload: '{}' });
  const purge = receiptFile(fleet, { record });
  t.strictSame(faultsOf(readReceiptFile(Buffer.from(writeReceiptFile(purge)))), []);
  t.equal(checkReceipts(purge).confirmed.length, 3);
  const mixed = { ...purge, receipts: [receiptOf(first, record), ...purge.receipts.slice(1)] };
  t.match(faultsOf(mixed), [/edge-000 answers another kind of record/, /edge-000 was removed/]);
});

t.test('a step of a rollout, and what takes it back', async (t) => {
  const step = receiptFile([first], { record: STEP });
  t.strictSame(faultsOf(readReceiptFile(Buffer.from(writeReceiptFile(step)))), []);
  const back = receiptFile([first], { record: TAKEN_BACK });
  t.strictSame(faultsOf(readReceiptFile(Buffer.from(writeReceiptFile(back)))), []);
  t.match(checkReceipts(back).confirmed, [{ receipt: { revision: 1, seq: 6 } }], 'it shows the base');
  const other = receiptOf(first, TAKEN_BACK, { revision: 2 });
  t.match(faultsOf({ ...back, receipts: [other] }), [
    /is about revision 2 .*, not about revision 1/,
    /removed/,
  ]);
  t.match(
    faultsOf({ ...step, receipts: back.receipts }),
    [/answers record 6, not record 5/, /removed/],
    'a receipt of another record of the rollout',
  );
  for (const payload of [TAKEN_BACK.payload.slice(1), '{}']) {
    const [fault] = faultsOf({ ...back, record: { ...TAKEN_BACK, payload } });
    t.match(fault, /^record 6 was changed/, `the payload ${payload}`);
  }
  const shownNowhere = activation({ kind: 'abort', payload: '{"reason":"a sync publish"}' });
  t.match(faultsOf(receiptFile([first], { record: shownNowhere })), [/no edge shows anything because of it/]);
});

t.test('an edge that was replaced: both hosts have their receipts', async (t) => {
  const host = { name: first.name, key: generateSigningKey() };
  const before = { ...first, state: 'replaced' as const };
  const { faults, confirmed, missing } = checkReceipts(receiptFile([before, { ...host, answered: false }]));
  t.strictSame(faults, []);
  t.match(confirmed, [{ member: [first.name, 'eu-north', first.key.publicKey, 'replaced'] }]);
  t.match(missing, [[host.name, 'eu-north', host.key.publicKey]], 'the new one has not answered');
  const both = receiptFile([before, host]);
  t.strictSame(faultsOf(both), []);
  t.match(faultsOf({ ...both, receipts: both.receipts.slice(1) }), [/former host of edge-000 was removed/]);
  t.match(
    faultsOf({ ...both, receipts: [receiptOf(host, both.record), receiptOf(host, both.record)] }),
    [/edge-000 is there twice/, /former host of edge-000 was removed/],
    'the new one does not count for the old one',
  );
});

t.test('keys that were rotated', async (t) => {
  const next = generateSigningKey();
  const rotated = receiptFile(fleet, {
    keys: [
      [originKey, 1],
      [next, 5],
    ],
  });
  t.strictSame(faultsOf(rotated), [], 'the old key has signed the record, the new one the roster');
  t.match(
    faultsOf(
      receiptFile(fleet, {
        keys: [
          [originKey, 1],
          [next, 2],
        ],
      }),
    ),
    [/record 3 is signed with .*, which was not the origin's key at that record/],
    'a record of a key after its end',
  );
  t.match(
    faultsOf(
      receiptFile(fleet, {
        keys: [
          [originKey, 1],
          [next, 5],
        ],
        record: activation({}, next),
      }),
    ),
    [/which was not the origin's key/],
    'a record of a key before its begin',
  );
  const {
    publicKey,
    recoveryKey: by,
    certificate,
  } = rotated.certificates[1] as (typeof rotated.certificates)[0];
  t.match(
    faultsOf({ ...rotated, certificates: [{ publicKey, recoveryKey: by, certificate }] }),
    [/not those of the signing keys/],
    'without the certificate of the old key',
  );
  t.match(
    faultsOf(
      receiptFile(fleet, {
        keys: [
          [next, 5],
          [originKey, 1],
        ],
      }),
    ),
    [/not those of the signing keys/],
    'in another order',
  );
});

t.test('what belongs elsewhere is named for what it is', async (t) => {
  const swap = (receipt: ReceiptFile['receipts'][number]) => ({
    ...file,
    receipts: [receipt, ...file.receipts.slice(1)],
  });
  const named = async (name: string, changed: ReceiptFile, ...faults: RegExp[]) =>
    t.match(faultsOf(changed), faults, name) && t.equal(faultsOf(changed).length, faults.length, name);
  const gone = /receipt of edge-000 was removed: the origin had it/;
  const { record } = file;

  await named('removed', { ...file, receipts: file.receipts.slice(1) }, gone);
  await named(
    'of another log',
    swap(receiptOf(first, record, { log: 'f'.repeat(32) })),
    /receipt of edge-000 belongs to another log or epoch: ffff/,
    gone,
  );
  await named(
    'of another record',
    swap(receiptOf(first, record, { seq: 2 })),
    /answers record 2, not record 3/,
    gone,
  );
  await named('of another site', swap(receiptOf(first, record, { site: 2 })), /is about site 2/, gone);
  await named(
    'of another revision',
    swap(receiptOf(first, record, { revision: 2 })),
    /is about revision 2/,
    gone,
  );
  await named('of a purge', swap(purgeReceiptOf(first, record)), /another kind of record/, gone);
  await named(
    'of a strange edge',
    swap(receiptOf({ name: 'rome', key: edgeKey }, record)),
    /receipt of rome was put in: the roster names no such edge/,
    gone,
  );
  await named(
    'signed by another edge in this name',
    swap(receiptOf({ ...second, name: first.name }, record)),
    /edge-000 was changed, or signed by another edge/,
    gone,
  );
  await named(
    'twice',
    { ...file, receipts: [...file.receipts, receiptOf(third, record)] },
    /edge-002 is there twice/,
  );
  const quiet = receiptFile([first, { ...second, answered: false }]);
  await named(
    'that the origin did not have',
    { ...quiet, receipts: [...quiet.receipts, receiptOf(second, record)] },
    /edge-001 was put in: the origin did not have it/,
  );

  await named(
    'in another order',
    { ...file, receipts: file.receipts.toReversed() },
    /put in another order than that of the roster/,
  );

  const later = activation({ seq: 4 });
  await named(
    'another record of the log',
    { ...file, record: later },
    /the roster is about another record than record 4/,
    ...fleet.flatMap(({ name }) => [new RegExp(`${name} answers record 3`)]),
    ...fleet.map(({ name }) => new RegExp(`${name} was removed`)),
  );
  await named(
    'a record of another log',
    { ...file, record: activation({ log: 'f'.repeat(32) }) },
    /belongs to another log/,
  );
  await named(
    'a record of nobody',
    { ...file, record: activation({}, edgeKey) },
    /record 3 was changed, or the origin/,
  );
  await named(
    'a record of another kind',
    receiptFile(fleet, { record: activation({ kind: 'settings' }) }),
    /of the kind settings, and no edge shows anything because of it/,
  );
  await named(
    'a roster before the record',
    receiptFile(fleet, { roster: { seq: 2 } }),
    /ends at record 2, before record 3/,
  );
  await named(
    'a roster with other members',
    { ...file, roster: { ...file.roster, members: file.roster.members.slice(1) } },
    /the roster was changed/,
    /edge-000 was put in/,
  );
  await named(
    'a roster of an edge',
    { ...file, roster: { ...file.roster, sig: signText(edgeKey, '') } },
    /the roster was changed/,
  );

  const other = generateSigningKey();
  const forged = receiptFile(fleet, { recovery: other });
  t.strictSame(faultsOf(forged), [], 'another origin, whose key nobody compares');
  t.equal(checkReceipts(forged).recovery, other.fingerprint);
  t.match(faultsOf(forged, recoveryKey.fingerprint), [
    new RegExp(`belongs to another origin: the recovery key ${other.fingerprint}`),
  ]);
  const [certificate] = file.certificates as [(typeof file.certificates)[0]];
  const uncertified = { ...certificate, certificate: signText(other, LOG) };
  await named('without a certificate', { ...file, certificates: [uncertified] }, /has no valid certificate/);
});

t.test('a change of any byte is a fault', async (t) => {
  const bytes = Buffer.from(writeReceiptFile(receiptFile([first])));
  const unnoticed: string[] = [];
  for (let at = 0; at < bytes.length; at++) {
    // The last bit turns each character into another one that could stand in its place.
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    try {
      if (faultsOf(readReceiptFile(changed)).length === 0)
        unnoticed.push(`${at}: ${changed.subarray(at - 9, at + 1)}`);
    } catch (error) {
      t.match(error, { code: 'bad-receipts' });
    }
  }
  // Without --key, only the recovery key itself is not vouched for, and it must fit its certificate.
  t.strictSame(unnoticed, []);
});

t.test('bytes that no origin writes', async (t) => {
  const text = writeReceiptFile(file);
  const refuses = (changed: string | Buffer, name: string) =>
    t.throws(() => readReceiptFile(Buffer.from(changed)), { code: 'bad-receipts' }, name);
  refuses('', 'nothing');
  refuses(text.slice(0, -1), 'without its line end');
  refuses(`${text} `, 'with a space');
  refuses(`\ufeff${text}`, 'with a byte order mark');
  refuses(text.replace('"seq":3', '"seq":3.0'), 'another way to write a number');
  refuses(text.replace('docs', '\\u0064ocs'), 'another way to write a letter');
  refuses(text.replace('"site":"docs"', '"site":"docs","site":"docs"'), 'a field twice');
  refuses(JSON.stringify({ ...file, more: 1 }), 'a further field');
  refuses(text.replace(/^\{("format":"[^"]*"),(.*)\}\n$/, '{$2,$1}\n'), 'another order');
  refuses(Buffer.concat([Buffer.from(text), Buffer.from([0xff])]), 'not UTF-8');
  refuses(text.replace('receipts-1', 'receipts-2'), 'a later format');
});
