import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openBucket } from '../../origin/store/s3/bucket.ts';
import { s3Location } from '../../origin/store/s3/location.ts';
import { startCluster } from '../helpers/cluster.ts';
import { differences, remains } from '../helpers/compare.ts';
import { skerry } from '../helpers/processes.ts';
import { packageFolder } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { BUCKET, startRadosgw } from './radosgw.ts';

const server = await startRadosgw();
t.teardown(() => server.close());

t.test('an origin that keeps its objects in S3', async (t) => {
  const store = `s3://${BUCKET}/origin`;
  const cluster = await startCluster({ edges: 1, originArgs: ['--store', store] });
  t.teardown(() => cluster.close());
  const [edge] = cluster.edges;
  if (edge === undefined) throw new Error('no edge');
  const [a, b] = [packageFolder('three-a'), packageFolder('three-b')];

  // Killed while it takes objects in, and asked again.
  const bucket = openBucket(s3Location(store));
  t.teardown(() => bucket.close());
  const interrupted = cluster.skerry('publish', a, '--site', 'three');
  await until('objects in the bucket', async () => {
    for await (const page of bucket.list('')) if (page.length > 0) return true;
    return false;
  });
  await cluster.origin.stop('SIGKILL');
  t.not((await interrupted).code, 0);
  await cluster.origin.start();
  const published = await cluster.skerry('publish', a, '--site', 'three', '--wait');
  t.equal(published.code, 0, published.stderr);
  t.strictSame(await differences(edge.url, 'three', a), []);

  // The folder's index is lost: the bucket says what it holds.
  await cluster.origin.stop('SIGKILL');
  const objects = join(cluster.origin.data, 'objects');
  const index = (await readdir(objects)).filter((name) => name.startsWith('s3-index-'));
  t.ok(index.length > 0);
  for (const name of index) await rm(join(objects, name));
  await cluster.origin.start();
  // --wait is for the edges that are online.
  await cluster.converged('three');
  t.equal((await cluster.skerry('publish', b, '--site', 'three', '--wait')).code, 0);
  t.strictSame(await differences(edge.url, 'three', b), []);
  t.strictSame(await remains(edge.url, 'three', a, b), []);

  // A disk that is new fetches everything from the bucket, through the origin.
  await edge.stop();
  await cluster.origin.stop();
  const elsewhere = await skerry([
    'origin',
    '--data',
    cluster.origin.data,
    '--store',
    `s3://${BUCKET}/other`,
  ]);
  t.match(elsewhere, { code: 1, stderr: /the objects are in s3:\/\/skerry-test\/origin, not in s3/ });
  await cluster.origin.start();
  await edge.start();

  // The objects move into the data folder. The options of the origin still name the bucket.
  const migrate = (...args: string[]) => cluster.skerry('store', 'migrate', ...args);
  t.match(await migrate('--to', store), { code: 1, stderr: /the objects are in s3:.* already/ });
  t.match(await migrate('--to', 'file:/elsewhere'), { code: 1, stderr: /give file: alone/ });
  t.match(await migrate('--drop-old'), { code: 1, stderr: /no earlier store is kept/ });
  const moved = await migrate('--to', 'file:');
  t.match(moved, {
    code: 0,
    stdout: `the objects are in file:\nthe objects from before are kept in ${store}`,
  });
  t.match(await migrate('--to', store), { code: 1, stderr: /still has the objects from before/ });
  await cluster.origin.stop('SIGKILL');
  await cluster.origin.start();
  t.equal((await migrate('--drop-old')).stdout, 'the objects are in file:\n');
  for await (const page of bucket.list('')) t.strictSame(page, [], 'nothing is left in the bucket');
  t.match(await cluster.skerry('store', 'verify'), { code: 0, stdout: / 0 damaged/ });
  await cluster.origin.stop();
  await cluster.origin.start();
  t.match(JSON.parse((await migrate('--json')).stdout), { store: 'file:', other: null });
  t.equal((await cluster.skerry('publish', a, '--site', 'three', '--wait')).code, 0);
  t.strictSame(await differences(edge.url, 'three', a), []);
});

t.test('a bucket that is not there ends the start with one line', async (t) => {
  const data = t.testdir({});
  const ended = await skerry(['origin', '--data', data, '--port', '0', '--store', 's3://not-there/x']);
  t.match(ended, { code: 1, stdout: '', stderr: /^skerry: the bucket not-there cannot be used: [^\n]+\n$/ });
  const malformed = await skerry(['origin', '--data', data, '--store', 'http://bucket']);
  t.match(malformed, { code: 1, stderr: /is not a store; give s3:\/\/BUCKET\/PREFIX/ });
});
