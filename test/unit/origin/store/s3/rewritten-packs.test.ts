import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import type { Bucket } from '../../../../../origin/store/s3/bucket.ts';
import { openS3ObjectStore } from '../../../../../origin/store/s3/s3-object-store.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { startHashThreads } from '../../../../../shared/hashing/hash-threads.ts';

const hashThreads = startHashThreads();
t.teardown(() => hashThreads.close());

class MemoryBucket implements Bucket {
  readonly url = 's3://memory/';
  readonly keys = new Map<string, Buffer>();
  /** What fails before it is done. */
  readonly failing = new Set<'put' | 'remove'>();
  put = async (key: string, bytes: Buffer) => {
    this.#fail('put');
    this.keys.set(key, Buffer.from(bytes));
  };
  putFile = async () => {};
  get = async (key: string, range?: { start: number; end: number }) => {
    const bytes = this.keys.get(key)?.subarray(range?.start, range?.end);
    return bytes === undefined || bytes.length === 0 ? undefined : Readable.from([bytes]);
  };
  remove = async (gone: readonly string[]) => {
    if (gone.length > 0) this.#fail('remove');
    for (const key of gone) this.keys.delete(key);
  };
  async *list(under: string) {
    const found = [...this.keys].filter(([key]) => key.startsWith(under));
    yield found.map(([key, { length: size }]) => ({ key, size }));
  }
  close = () => {};
  #fail(call: 'put' | 'remove') {
    if (this.failing.has(call)) throw new Error(`${call} failed`);
  }
}

const objects = Array.from({ length: 10 }, (_, i) => {
  const bytes = Buffer.alloc(i === 9 ? 0 : 1000, `object ${i} `);
  return { digest: digestOf(bytes), bytes };
});
const digests = objects.map(({ digest }) => digest);

async function world(t: Test) {
  const bucket = new MemoryBucket();
  const folder = t.testdir();
  const open = () => openS3ObjectStore(bucket, folder, hashThreads);
  const store = await open();
  await store.putSmall(objects);
  const bytes = () => [...bucket.keys.values()].reduce((sum, { length }) => sum + length, 0);
  const all = async (of = store) => {
    const found = await of.readSmall(digests);
    for (const { digest, bytes } of objects) if (found.has(digest)) t.ok(found.get(digest)?.equals(bytes));
    return digests.filter((digest) => found.has(digest));
  };
  return { bucket, store, open, bytes, all };
}

t.test('a pack is rewritten when half of it is not needed', async (t) => {
  const { bucket, store, bytes, all } = await world(t);
  t.teardown(() => store.close());
  const [key] = bucket.keys.keys();
  const before = bytes();
  await store.remove(digests.slice(0, 4));
  t.strictSame([...bucket.keys.keys()], [key], 'not before');
  await store.remove(digests.slice(4, 5));
  t.equal(bucket.keys.size, 1);
  t.notOk(bucket.keys.has(key ?? ''));
  t.ok(bytes() < before / 2, `${before} bytes, then ${bytes()}`);
  t.strictSame(await all(), digests.slice(5));

  await store.putSmall(objects.slice(0, 1));
  await store.remove(digests.slice(5, 9));
  t.equal(bucket.keys.size, 2, 'the empty object alone is never too empty');
  const keys = [...bucket.keys.keys()];
  await store.remove([]);
  t.strictSame([...bucket.keys.keys()], keys);
  await store.remove(digests);
  t.equal(bucket.keys.size, 0);
});

for (const call of ['put', 'remove'] as const)
  t.test(`a crash at its ${call} loses nothing, and the next one goes on`, async (t) => {
    const { bucket, store, open, all } = await world(t);
    await store.remove(digests.slice(0, 4));
    bucket.failing.add(call);
    await t.rejects(store.remove(digests.slice(4, 5)), /failed/);
    const left = await all();
    t.ok(digests.slice(5).every((digest) => left.includes(digest)));
    await store.close();
    bucket.failing.clear();
    const again = await open();
    t.teardown(() => again.close());
    t.strictSame((await all(again)).slice(-5), digests.slice(5));
    await again.remove(digests.slice(0, 5));
    t.equal(bucket.keys.size, 1);
    t.strictSame(await all(again), digests.slice(5));
  });

t.test('a reader finds what moves while it reads', async (t) => {
  const { bucket, store, all } = await world(t);
  t.teardown(() => store.close());
  const moved = Promise.withResolvers<void>();
  const { get } = bucket;
  let isFirst = true;
  bucket.get = async (key, range) => {
    if (isFirst) {
      isFirst = false;
      // The reader knows where the objects are. Before it reads them, the pack is rewritten.
      store.remove(digests.slice(0, 5)).then(moved.resolve, moved.reject);
      await moved.promise;
    }
    return get(key, range);
  };
  t.strictSame(await all(), digests.slice(5));
});

t.test('a damaged object stays where it is until somebody removes it', async (t) => {
  const { bucket, store } = await world(t);
  t.teardown(() => store.close());
  const [key = ''] = bucket.keys.keys();
  const pack = Buffer.from(bucket.keys.get(key) ?? '');
  pack[6500] = 0;
  bucket.keys.set(key, pack);
  await store.remove(digests.slice(0, 5));
  t.ok(bucket.keys.has(key));
  t.equal(
    (await store.readSmall([digests[6] ?? digestOf('')])).size,
    1,
    'its reader sees that it is damaged',
  );
  t.equal((await store.readSmall(digests)).size, 5);
  await store.remove([digests[6] ?? digestOf('')]);
  t.notOk(bucket.keys.has(key));
  t.equal((await store.readSmall(digests)).size, 4);
});
