import { Readable } from 'node:stream';
import pino from 'pino';
import t, { type Test } from 'tap';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import { StoreVerifier } from '../../../../origin/verify/store-verifier.ts';
import { InProcessGate } from '../../../../shared/concurrency/gate.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import type { ObjectStore } from '../../../../shared/store/object-store.ts';
import type { NewEvent } from '../../../../shared/wire/event.ts';
import { asRemote } from '../../../helpers/in-process.ts';
import { MemoryDisk, openMemoryStore } from '../../../helpers/memory-store.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';
import { until } from '../../../helpers/until.ts';

const DAY_MS = 24 * 3_600_000;

async function world(t: Test, contents: readonly string[]) {
  const database = openDatabase(':memory:', migrations);
  const catalog = asRemote(sqliteCalls(database, signerWith(generateSigningKey())));
  const disk = new MemoryDisk();
  const store = openMemoryStore(disk);
  const clock = turnedClock();
  const events: NewEvent[] = [];
  const counts = { found: 0 };
  const upload = async (text: string) => {
    await store.putSmall([{ digest: digestOf(text), bytes: Buffer.from(text) }]);
    const object = { site: 1, digest: digestOf(text), size: text.length, chunks: null };
    await catalog.addObjects([object], clock.now());
  };
  for (const text of contents) await upload(text);
  const read: Digest[][] = [];
  const watched: ObjectStore = {
    ...store,
    readSmall(digests) {
      read.push([...digests]);
      return store.readSmall(digests);
    },
  };
  const running: Promise<void>[] = [];
  const stops: AbortController[] = [];
  const start = async (use: ObjectStore = watched) => {
    const stop = new AbortController();
    stops.push(stop);
    const verifier = await StoreVerifier.open({
      ...{ catalog, store: use, gate: new InProcessGate(), clock, log: pino({ enabled: false }) },
      note: (event) => events.push(event),
      found: () => {
        counts.found++;
      },
    });
    running.push(verifier.run(stop.signal));
    return { verifier, stop };
  };
  t.teardown(async () => {
    for (const stop of stops) stop.abort();
    await Promise.all(running);
    database.close();
  });
  const passes = (number: number) =>
    until(`pass ${number} to end`, async () => {
      const pass = await catalog.storePass();
      return pass !== null && pass.number >= number && pass.ended !== null && pass;
    });
  /** The end of a pass that reads some objects a minute later again. */
  const passesLater = (number: number) =>
    until(`pass ${number} to end`, async () => {
      clock.advance(10_000);
      const pass = await catalog.storePass();
      return pass !== null && pass.number >= number && pass.ended !== null && pass;
    });
  const kinds = () => events.map(({ kind }) => kind);
  return { catalog, disk, store, clock, events, kinds, counts, upload, read, start, passes, passesLater };
}

t.test('what is altered or missing leaves the store, and is told', async (t) => {
  const { catalog, disk, start, passes, passesLater, events, kinds, counts, upload } = await world(t, [
    'one',
    'two',
    'three',
  ]);
  disk.objects.set(digestOf('one'), Buffer.from('onE'));
  disk.objects.delete(digestOf('three'));
  const { verifier } = await start();
  await until('the altered object to be removed', () => !disk.objects.has(digestOf('one')));
  t.match(await passesLater(1), { objects: 3, bytes: 11, damaged: 2 });
  t.notOk(disk.objects.has(digestOf('one')), 'nobody gets it any more');
  t.equal(counts.found, 1);
  t.strictSame(kinds(), ['store-damaged', 'store-verified']);
  t.match(events[0]?.what, { objects: 2, digests: ['one', 'three'].map(digestOf) });
  t.match(await verifier.status(), { damaged: 2, pass: { number: 1 } });

  await upload('one');
  t.equal(await catalog.damagedCount(), 1, 'an upload repairs it');
  disk.objects.set(digestOf('three'), Buffer.from('three'));
  await verifier.verifyNow();
  t.match(await passes(2), { objects: 3, damaged: 0 });
  t.equal(await catalog.damagedCount(), 0, 'and so does an operator who puts it back');
  t.strictSame(kinds().slice(2), ['store-repaired', 'store-verified']);
});

t.test('a pass comes each day, and goes on where a stopped process was', async (t) => {
  const texts = Array.from({ length: 150 }, (_, i) => `object ${i}`);
  const { start, passes, clock, read, store, catalog } = await world(t, texts);
  const second = digestOf('object 70');
  const { stop } = await start({
    ...store,
    async readSmall(digests) {
      if (digests.includes(second)) {
        stop.abort();
        throw new Error('the process ends here');
      }
      return store.readSmall(digests);
    },
  });
  await until('the first page to be read', async () => stop.signal.aborted && (await catalog.storePass()));
  await start();
  t.match(await passes(1), { number: 1, objects: 150 });
  t.notOk(read.flat().includes(digestOf('object 0')), 'the first page was not read again');
  t.ok(read.flat().includes(second));
  clock.advance(DAY_MS);
  await start();
  t.match(await passes(2), { objects: 150 });
});

t.test('a store that cannot be asked loses nothing', async (t) => {
  const { start, passes, disk, store, catalog } = await world(t, ['one']);
  let isAway = true;
  let asked = 0;
  const { verifier } = await start({
    ...store,
    async readSmall(digests) {
      asked++;
      if (isAway) throw Object.assign(new Error('away'), { code: 'ECONNRESET' });
      return store.readSmall(digests);
    },
  });
  await until('the store to be asked', () => asked > 0);
  isAway = false;
  await verifier.verifyNow();
  await passes(1);
  t.ok(disk.objects.has(digestOf('one')));
  t.equal(await catalog.damagedCount(), 0);
});

t.test('what is uploaded again while it is read stays', async (t) => {
  const { start, passes, disk, store, upload, clock } = await world(t, ['one']);
  disk.objects.set(digestOf('one'), Buffer.from('onE'));
  await start({
    ...store,
    async readSmall(digests) {
      const found = await store.readSmall(digests);
      disk.objects.delete(digestOf('one'));
      clock.advance(1);
      await upload('one');
      return found;
    },
  });
  await passes(1);
  t.ok(disk.objects.has(digestOf('one')));
});

const failing = (code: string) =>
  new Readable({
    read() {
      this.destroy(Object.assign(new Error(code), { code }));
    },
  });

t.test('a disk that cannot read for a moment costs no object', async (t) => {
  for (const fault of ['EIO', 'absent'])
    await t.test(fault, async (t) => {
      const { start, passesLater, disk, store, catalog, kinds } = await world(t, ['one', 'two']);
      let failed = 0;
      let isAway = true;
      await start({
        ...store,
        readSmall: async (digests) => (isAway ? new Map() : store.readSmall(digests)),
        open: async (digest) => {
          if (!isAway) return store.open(digest);
          failed++;
          return fault === 'EIO' ? failing(fault) : undefined;
        },
      });
      await until('both to be read', () => failed === 2);
      isAway = false;
      t.match(await passesLater(1), { objects: 2, damaged: 0 });
      t.equal(failed, 2, 'they were not read again at once');
      t.equal(disk.objects.size, 2);
      t.equal(await catalog.damagedCount(), 0);
      t.strictSame(kinds(), ['store-verified']);
    });
});

t.test('what the disk cannot read is damaged and stays, and is sound when it can be read', async (t) => {
  const { start, passesLater, disk, store, catalog, kinds } = await world(t, ['one', 'two']);
  const one = digestOf('one');
  let isBad = true;
  const malformed = () => {
    throw new SkerryError('data-folder-damaged', 'a page is damaged');
  };
  const { verifier } = await start({
    ...store,
    readSmall: async (digests) => (isBad && digests.includes(one) ? malformed() : store.readSmall(digests)),
    open: async (digest) => (isBad && digest === one ? malformed() : store.open(digest)),
  });
  t.match(await passesLater(1), { objects: 2, damaged: 1 }, 'the pass goes on');
  t.match(await catalog.damaged(null, 10), [{ digest: one }]);
  t.ok(disk.objects.has(one));
  isBad = false;
  await verifier.verifyNow();
  await passesLater(2);
  t.equal(await catalog.damagedCount(), 0);
  t.strictSame(kinds(), ['store-damaged', 'store-verified', 'store-repaired', 'store-verified']);
});

t.test('a damaged object that cannot be removed does not stop the pass', async (t) => {
  const { start, passes, disk, store, catalog } = await world(t, ['one', 'two']);
  disk.objects.set(digestOf('one'), Buffer.from('onE'));
  await start({
    ...store,
    remove: async () => {
      throw new SkerryError('data-folder-damaged', 'a page is damaged');
    },
  });
  t.match(await passes(1), { objects: 2, damaged: 1 });
  t.match(await catalog.damaged(null, 10), [{ digest: digestOf('one') }]);
});

t.test('a clock that was put back costs no object that was uploaded again', async (t) => {
  const { start, passes, disk, store, upload, clock, catalog } = await world(t, ['one']);
  disk.objects.set(digestOf('one'), Buffer.from('onE'));
  let reads = 0;
  await start({
    ...store,
    async readSmall(digests) {
      const found = await store.readSmall(digests);
      if (reads++ > 0) return found;
      disk.objects.delete(digestOf('one'));
      clock.set(-DAY_MS);
      await upload('one');
      return found;
    },
  });
  await until('the object to be read', () => reads > 0);
  await passes(1);
  t.ok(disk.objects.has(digestOf('one')));
  t.equal(await catalog.damagedCount(), 0);
});
