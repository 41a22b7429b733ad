import { closeSync, readSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t from 'tap';
import type { Catalog } from '../../origin/catalog/catalog.ts';
import type { StoredObject } from '../../origin/catalog/object-calls.ts';
import { ObjectIntake } from '../../origin/ingest/object-intake.ts';
import { systemClock } from '../../shared/clock.ts';
import { InProcessGate } from '../../shared/concurrency/gate.ts';
import { decodeChunkList } from '../../shared/content/chunk-list.ts';
import { digestOf } from '../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../shared/content/small-object.ts';
import { startHashThreads } from '../../shared/hashing/hash-threads.ts';
import { openFileObjectStore } from '../../shared/store/file-object-store.ts';
import { draftsFolder, largeFolder } from '../../shared/store/layout.ts';
import { openObjectReader } from '../../shared/store/object-reader.ts';
import { noise, objectStoreContract } from './object-store.ts';

const hashThreads = startHashThreads(2);
t.teardown(() => hashThreads.close());

objectStoreContract('file store', async (t) => {
  const folder = t.testdir({});
  return {
    open: () => openFileObjectStore(folder, hashThreads),
    leftovers: () => readdir(draftsFolder(folder)),
  };
});

t.test('the reader beside it sees what the writer stored', async (t) => {
  const folder = t.testdir({});
  const store = await openFileObjectStore(folder, hashThreads);
  t.teardown(() => store.close());
  const reader = openObjectReader(folder);
  t.teardown(() => reader.close());
  const digest = digestOf(noise(100));
  t.equal(reader.small(digest), undefined);
  await store.putSmall([{ digest, bytes: noise(100) }]);
  t.ok(reader.small(digest)?.equals(noise(100)));
  const draft = await store.draft('large');
  await draft.append(noise(100_000));
  const large = digestOf(noise(100_000));
  await draft.keep(large);
  const fd = reader.openLarge(large);
  if (fd === undefined) throw new Error('it is stored');
  const bytes = Buffer.alloc(90);
  readSync(fd, bytes, 0, 90, 10);
  closeSync(fd);
  t.ok(bytes.equals(noise(100_000).subarray(10, 100)));
  t.equal(reader.openLarge(digestOf('absent')), undefined);
});

t.test('the origin takes objects in', async (t) => {
  const folder = t.testdir({});
  const store = await openFileObjectStore(folder, hashThreads);
  t.teardown(() => store.close());
  const noted: StoredObject[] = [];
  const catalog: Pick<Catalog, 'addObjects'> = {
    async addObjects(objects) {
      noted.push(...objects);
    },
  };
  const intake = new ObjectIntake(store, catalog as Catalog, systemClock, new InProcessGate());
  const body = (bytes: Buffer) => Readable.from([bytes], { objectMode: false });
  const large = async () =>
    (
      await Promise.all(
        (await readdir(largeFolder(folder))).map((name) => readdir(join(largeFolder(folder), name))),
      )
    ).flat();

  await t.test('a digest that does not match is refused and leaves nothing', async (t) => {
    for (const size of [0, 10, SMALL_OBJECT, SMALL_OBJECT + 1, 1_500_000]) {
      const wrong = digestOf('something else');
      await t.rejects(intake.take(1, body(noise(size)), wrong), { code: 'digest-mismatch' }, `${size} bytes`);
      const right = digestOf(noise(size));
      t.strictSame(await store.missing([wrong, right]), [wrong, right]);
    }
    t.strictSame(await readdir(draftsFolder(folder)), []);
    t.strictSame(await large(), []);
    t.strictSame(noted, []);
  });

  await t.test('one that matches is stored before the catalog knows it', async (t) => {
    for (const size of [0, SMALL_OBJECT, SMALL_OBJECT + 1, 1024 * 1024]) {
      const digest = digestOf(noise(size));
      const object = await intake.take(7, body(noise(size)), digest);
      t.strictSame(object, { site: 7, digest, size, chunks: null });
      t.strictSame(noted.at(-1), object);
      t.strictSame(await store.missing([digest]), []);
    }
  });

  await t.test('one above 1 MiB gets a chunk list, an object itself', async (t) => {
    const bytes = noise(3_000_000, 3);
    const { digest, chunks } = await intake.take(7, body(bytes));
    if (chunks === null) return t.fail('there is no chunk list');
    const list = (await store.readSmall([chunks])).get(chunks);
    if (list === undefined) return t.fail('the chunk list is not stored');
    t.equal(digestOf(list), chunks);
    const decoded = decodeChunkList(list);
    t.equal(decoded.object, digest);
    t.equal(decoded.size, bytes.length);
    let at = 0;
    for (const chunk of decoded.chunks) {
      if (digestOf(bytes.subarray(at, at + chunk.size)) !== chunk.digest)
        t.fail(`the chunk at ${at} is wrong`);
      at += chunk.size;
    }
    t.equal(at, bytes.length);
  });

  await t.test('the same object from many at once', async (t) => {
    const before = noted.length;
    const bytes = noise(200_000, 5);
    const taken = await Promise.all(Array.from({ length: 8 }, (_, i) => intake.take(i, body(bytes))));
    t.strictSame(new Set(taken.map(({ digest }) => digest)), new Set([digestOf(bytes)]));
    t.strictSame(
      noted
        .slice(before)
        .map(({ site }) => site)
        .sort(),
      [0, 1, 2, 3, 4, 5, 6, 7],
      'each site is noted as its uploader',
    );
    t.strictSame(await readdir(draftsFolder(folder)), []);
  });
});
