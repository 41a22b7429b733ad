import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { MovingStore } from '../../origin/store/moving-store.ts';
import { openBucket } from '../../origin/store/s3/bucket.ts';
import { s3Location } from '../../origin/store/s3/location.ts';
import { openS3ObjectStore } from '../../origin/store/s3/s3-object-store.ts';
import { digestOf } from '../../shared/content/digest.ts';
import { startHashThreads } from '../../shared/hashing/hash-threads.ts';
import { openFileObjectStore } from '../../shared/store/file-object-store.ts';
import { noise, objectStoreContract } from '../contract/object-store.ts';
import { BUCKET, startRadosgw } from './radosgw.ts';

const server = await startRadosgw();
t.teardown(() => server.close());
const hashThreads = startHashThreads(2);
t.teardown(() => hashThreads.close());

const anew = () => s3Location(`s3://${BUCKET}/${randomUUID()}`);
const small = (seed: number) => {
  const bytes = noise(1000, seed);
  return { digest: digestOf(bytes), bytes };
};

objectStoreContract('S3', async (t) => {
  const folder = t.testdir({});
  const location = anew();
  return {
    open: () => openS3ObjectStore(openBucket(location), folder, hashThreads),
    leftovers: () => readdir(join(folder, 'drafts')),
  };
});

objectStoreContract('store that moves to S3', async (t) => {
  const folder = t.testdir({});
  const location = anew();
  return {
    async open() {
      const store = new MovingStore(await openFileObjectStore(folder, hashThreads));
      store.mirrorTo(await openS3ObjectStore(openBucket(location), folder, hashThreads), (error) => {
        throw error;
      });
      return store;
    },
    leftovers: () => readdir(join(folder, 'drafts')),
  };
});

t.test('a lost folder costs nothing: the bucket says what it holds', async (t) => {
  const folder = t.testdir({});
  const location = anew();
  const open = () => openS3ObjectStore(openBucket(location), folder, hashThreads);
  const store = await open();
  const objects = Array.from({ length: 3000 }, (_, i) => small(i));
  await store.putSmall(objects.slice(0, 2000));
  await store.putSmall(objects.slice(1000));
  const draft = await store.draft('large');
  const large = noise(20_000_000, 5);
  await draft.append(large);
  await draft.keep(digestOf(large));
  await store.close();

  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
  const again = await open();
  t.teardown(() => again.close());
  const digests = objects.map(({ digest }) => digest);
  t.strictSame(await again.missing([...digests, digestOf(large)]), []);
  const found = await again.readSmall(digests);
  t.ok(objects.every(({ digest, bytes }) => found.get(digest)?.equals(bytes)));
  t.equal(await again.size(digestOf(large)), large.length);
});

t.test('what went from the bucket is missing after the next start', async (t) => {
  const folder = t.testdir({});
  const location = anew();
  const bucket = openBucket(location);
  const open = () => openS3ObjectStore(openBucket(location), folder, hashThreads);
  const store = await open();
  await store.putSmall([small(1), small(2)]);
  await store.close();
  for await (const page of bucket.list('')) await bucket.remove(page.map(({ key }) => key));
  const again = await open();
  t.teardown(() => again.close());
  t.strictSame(await again.missing([small(1).digest]), [small(1).digest]);
  await again.putSmall([small(1)]);
  t.strictSame(await again.missing([small(1).digest]), []);
});

t.test('a pack goes when nothing of it is left', async (t) => {
  const location = anew();
  const bucket = openBucket(location);
  const store = await openS3ObjectStore(openBucket(location), t.testdir({}), hashThreads);
  t.teardown(() => store.close());
  const keys = async () => {
    const found: string[] = [];
    for await (const page of bucket.list('')) found.push(...page.map(({ key }) => key));
    return found.length;
  };
  await store.putSmall([small(1), small(2)]);
  await store.remove([small(1).digest]);
  t.equal(await keys(), 1, 'it was written again, because half of it was not needed');
  t.ok((await store.readSmall([small(2).digest])).get(small(2).digest)?.equals(small(2).bytes));
  await store.remove([small(2).digest]);
  t.equal(await keys(), 0);
});

t.test('a bucket that cannot be used is one clear error', async (t) => {
  const open = (url: string) => openS3ObjectStore(openBucket(s3Location(url)), t.testdir({}), hashThreads);
  await t.rejects(open('s3://no-such-bucket/'), { code: 'store-unreachable', message: /no-such-bucket/ });
  const secret = process.env.AWS_SECRET_ACCESS_KEY;
  process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
  await t.rejects(open(`s3://${BUCKET}/`), { code: 'store-unreachable' });
  process.env.AWS_SECRET_ACCESS_KEY = secret;
  const endpoint = process.env.AWS_ENDPOINT_URL_S3;
  process.env.AWS_ENDPOINT_URL_S3 = 'http://127.0.0.1:1';
  await t.rejects(open(`s3://${BUCKET}/`), { code: 'store-unreachable', message: /ECONNREFUSED/ });
  process.env.AWS_ENDPOINT_URL_S3 = endpoint;
});
