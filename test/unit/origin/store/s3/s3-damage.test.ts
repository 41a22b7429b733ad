import { Readable } from 'node:stream';
import t from 'tap';
import type { Bucket } from '../../../../../origin/store/s3/bucket.ts';
import { openS3ObjectStore } from '../../../../../origin/store/s3/s3-object-store.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { startHashThreads } from '../../../../../shared/hashing/hash-threads.ts';
import { damagedObjects } from '../../../../../shared/store/damaged-objects.ts';

const NEVER = new AbortController().signal;

function memoryBucket(): Bucket & { readonly keys: Map<string, Buffer> } {
  const keys = new Map<string, Buffer>();
  return {
    url: 's3://memory/',
    keys,
    put: async (key, bytes) => void keys.set(key, Buffer.from(bytes)),
    putFile: async () => {},
    async get(key, range) {
      const bytes = keys.get(key)?.subarray(range?.start, range?.end);
      return bytes === undefined || bytes.length === 0 ? undefined : Readable.from([bytes]);
    },
    remove: async (gone) => gone.forEach((key) => void keys.delete(key)),
    async *list() {},
    close: () => {},
  };
}

t.test('what a bucket has altered or lost is damaged, and can be stored again', async (t) => {
  const bucket = memoryBucket();
  const hashThreads = startHashThreads();
  const store = await openS3ObjectStore(bucket, t.testdir(), hashThreads);
  t.teardown(async () => {
    await store.close();
    await hashThreads.close();
  });
  const small = ['one', 'two', 'three'].map((text) => ({ digest: digestOf(text), bytes: Buffer.from(text) }));
  await store.putSmall(small);
  const [key = ''] = bucket.keys.keys();
  const pack = bucket.keys.get(key) ?? Buffer.alloc(0);
  const [one, , three] = small;
  t.strictSame(await damagedObjects(store, small, NEVER), []);

  pack[0] = 0;
  t.strictSame(await damagedObjects(store, small, NEVER), [one]);
  bucket.keys.set(key, pack.subarray(0, 7));
  t.strictSame(await damagedObjects(store, small, NEVER), [one, three], 'the pack was cut off');
  bucket.keys.delete(key);
  t.strictSame(await damagedObjects(store, small, NEVER), small);

  await store.remove(small.map(({ digest }) => digest));
  t.strictSame(
    await store.missing(small.map(({ digest }) => digest)),
    small.map(({ digest }) => digest),
  );
  await store.putSmall(small);
  t.strictSame(await damagedObjects(store, small, NEVER), []);
});
