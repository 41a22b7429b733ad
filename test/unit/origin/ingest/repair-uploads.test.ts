import { Readable } from 'node:stream';
import t from 'tap';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import { RepairUploads } from '../../../../origin/ingest/repair-uploads.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { InProcessGate } from '../../../../shared/concurrency/gate.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import { type AssignmentList, assignmentList } from '../../../../shared/work/assignment.ts';
import { asRemote } from '../../../helpers/in-process.ts';
import { MemoryDisk, openMemoryStore } from '../../../helpers/memory-store.ts';

const LARGE = Buffer.alloc(200_000, 'large');
const body = (bytes: string | Buffer) => Readable.from([Buffer.from(bytes)], { objectMode: false });

async function world(damaged: readonly Buffer[], asked: Readonly<Record<string, readonly Digest[]>>) {
  const catalog = asRemote(
    sqliteCalls(openDatabase(':memory:', migrations), signerWith(generateSigningKey())),
  );
  const disk = new MemoryDisk();
  await catalog.noteDamaged(
    damaged.map((bytes) => ({ digest: digestOf(bytes), size: bytes.length })),
    1,
  );
  const listOf = (edge: string, task = 1, other = 9): AssignmentList | null => {
    const digests = asked[edge];
    if (digests === undefined) return null;
    const args = { objects: digests.map((digest) => ({ digest, size: 1 })) };
    const nonce = 'AAECAwQFBgcICQoLDA0ODw';
    const others = { task: other, share: 0, attempt: 1, nonce, kind: 'prune', args: {} };
    return assignmentList([{ task, share: 0, attempt: 1, nonce, kind: 'upload-objects', args }, others]);
  };
  const lists = new Map(Object.keys(asked).map((edge) => [edge, listOf(edge)]));
  const uploads = new RepairUploads({
    ...{ catalog, gate: new InProcessGate(), clock: systemClock, store: openMemoryStore(disk) },
    tasks: { assignments: (edge) => lists.get(edge) ?? null },
  });
  const send = async (edge: string, digest: Digest, bytes: string | Buffer) => {
    const upload = await uploads.admit(edge, digest, Buffer.byteLength(bytes));
    try {
      await upload.take(body(bytes));
    } finally {
      upload.end();
    }
  };
  return { catalog, disk, uploads, lists, listOf, send };
}

t.test('an edge brings what it was asked for', async (t) => {
  const small = Buffer.from('small');
  const digests = [digestOf(small), digestOf(LARGE)];
  const { send, disk, catalog } = await world([small, LARGE], { oslo: digests });
  await send('oslo', digestOf(small), small);
  await send('oslo', digestOf(LARGE), LARGE);
  t.ok(disk.objects.get(digestOf(small))?.equals(small));
  t.ok(disk.objects.get(digestOf(LARGE))?.equals(LARGE));
  t.equal(await catalog.damagedCount(), 0);
  t.equal(disk.drafts.size, 0);
  await t.rejects(send('oslo', digestOf(small), small), { code: 'forbidden' }, 'it is no longer needed');
});

t.test('nobody brings anything else', async (t) => {
  const one = Buffer.from('one');
  const other = digestOf('sound');
  const { uploads, lists } = await world([one], { oslo: [digestOf(one), other], rome: [] });
  const cases: [name: string, edge: string, digest: Digest, length: number, code: string][] = [
    ['an edge without tasks', 'paris', digestOf(one), 3, 'forbidden'],
    ['an edge that others were asked instead of', 'rome', digestOf(one), 3, 'forbidden'],
    ['an object that nobody named', 'oslo', digestOf('else'), 3, 'forbidden'],
    ['an object that is not damaged', 'oslo', other, 3, 'forbidden'],
    ['more than it can have', 'oslo', digestOf(one), 4, 'bad-request'],
    ['a length that is no number', 'oslo', digestOf(one), Number.NaN, 'bad-request'],
  ];
  for (const [name, edge, digest, length, code] of cases)
    await t.rejects(uploads.admit(edge, digest, length), { code }, name);
  lists.set('oslo', null);
  await t.rejects(uploads.admit('oslo', digestOf(one), 3), { code: 'forbidden' }, 'when the task is over');
});

t.test('wrong bytes are thrown away, and cannot come for ever', async (t) => {
  const { send, disk, lists, listOf } = await world([LARGE], { oslo: [digestOf(LARGE)] });
  const wrong = Buffer.alloc(LARGE.length, 'wrong');
  for (let i = 0; i < 2; i++)
    await t.rejects(send('oslo', digestOf(LARGE), wrong), { code: 'digest-mismatch' });
  await t.rejects(
    send('oslo', digestOf(LARGE), wrong).then(() => {}),
    { code: 'digest-mismatch' },
  );
  lists.set('oslo', listOf('oslo', 1, 10));
  await t.rejects(send('oslo', digestOf(LARGE), LARGE), { code: 'forbidden' }, 'also when the list changes');
  t.equal(disk.drafts.size + disk.objects.size, 0);
  lists.set('oslo', listOf('oslo', 2));
  await send('oslo', digestOf(LARGE), LARGE);
  t.equal(disk.objects.size, 1, 'an edge that is asked again has its tries again');
});

t.test('more bytes than announced are not stored', async (t) => {
  const { uploads, disk } = await world([LARGE], { oslo: [digestOf(LARGE)] });
  const upload = await uploads.admit('oslo', digestOf(LARGE), 1);
  await t.rejects(upload.take(body(Buffer.alloc(LARGE.length + 1))), { code: 'too-large' });
  upload.end();
  t.equal(disk.drafts.size, 0);
});

t.test('one upload of an object at a time', async (t) => {
  const one = Buffer.from('one');
  const { uploads } = await world([one], { oslo: [digestOf(one)], rome: [digestOf(one)] });
  const first = await uploads.admit('oslo', digestOf(one), 3);
  await t.rejects(uploads.admit('rome', digestOf(one), 3), { code: 'too-many-requests' });
  first.end();
  await new Promise((resolve) => setImmediate(resolve));
  await t.resolves(uploads.admit('rome', digestOf(one), 3));
});
