import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import t, { type Test } from 'tap';
import { openBucket } from '../../origin/store/s3/bucket.ts';
import { s3Location } from '../../origin/store/s3/location.ts';
import { type Cluster, startCluster } from '../helpers/cluster.ts';
import { differences, remains } from '../helpers/compare.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ask, read, sha256 } from '../helpers/http.ts';
import { s3Client } from '../helpers/s3.ts';
import { digestsOf, writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { BUCKET, startRadosgw } from './radosgw.ts';

/** All that an origin does, with its objects in a real S3 server, which is killed in the middle of some of it. */

const SITE = 'spine';
const STORE = `s3://${BUCKET}/spine`;
t.setTimeout(900_000);

const server = await startRadosgw();
t.teardown(() => server.close());
const [s3Port = 0] = await freePorts(1);
const cluster = await startCluster({
  edges: 3,
  originArgs: ['--store', STORE, '--s3-port', String(s3Port)],
  args: (index) => (index === 2 ? ['--storage', 'lazy', '--disk', '1000000000'] : []),
});
t.teardown(() => cluster.close());
const door = s3Client(`http://127.0.0.1:${s3Port}`, cluster.token);
t.teardown(() => door.destroy());
const bucket = openBucket(s3Location(STORE));
t.teardown(() => bucket.close());

/** Many small files, which share packs, and a large one. */
function tree(name: string, version: number): Promise<string> {
  const files: Record<string, string | Buffer> = { 'large.bin': randomBytes(3_000_000) };
  for (let i = 0; i < 60; i++) files[`d${i % 4}/${i}.txt`] = `file ${i}, ${i % 3 === 0 ? version : 'always'}`;
  files[`only-${version}.txt`] = String(version);
  return writeTree(join(cluster.folder, name), files);
}

async function skerry(t: Test, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.skerry(...args);
  t.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** All three edges answer exactly this folder, by SHA-256. */
async function allServe(t: Test, folder: string, site = SITE): Promise<void> {
  await cluster.converged(site);
  for (const { url, name } of cluster.edges)
    t.strictSame(await differences(url, site, folder), [], `${name} serves all of it`);
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const page of bucket.list('')) found.push(...page.map(({ key }) => key));
  return found;
}

const one = await tree('one', 1);
const two = await tree('two', 2);

t.test('publish, diff and roll back', async (t) => {
  await skerry(t, 'publish', one, '--site', SITE, '--wait');
  await allServe(t, one);
  await skerry(t, 'publish', two, '--site', SITE, '--wait');
  await allServe(t, two);
  for (const { url } of cluster.edges) t.strictSame(await remains(url, SITE, one, two), []);
  const diff = await skerry(t, 'diff', SITE, '1', '2');
  t.match(diff, /^- only-1\.txt$/m);
  t.match(diff, /^\+ only-2\.txt$/m);
  t.match(diff, /^~ large\.bin$/m);
  await skerry(t, 'rollback', SITE, '--to', '1');
  await allServe(t, one);
  await skerry(t, 'rollback', SITE, '--to', '2');
  await allServe(t, two);
});

t.test('purge', async (t) => {
  const { purges } = JSON.parse(await skerry(t, 'purge', SITE, '/large.bin', '--wait', '--json')) as Purged;
  t.ok(purges === undefined || purges.length > 0);
  await allServe(t, two);
});

interface Purged {
  readonly purges?: readonly unknown[];
}

t.test('a preview', async (t) => {
  const draft = await tree('draft', 3);
  await skerry(t, 'publish', draft, '--site', SITE, '--alias', 'pr-1', '--wait');
  const digests = [...(await digestsOf(draft))];
  for (const { url } of cluster.edges)
    for (const [path, digest] of digests) {
      const { status, body } = await ask(url, `/${path}`, { headers: { host: `pr-1--${SITE}.localhost` } });
      if (status !== 200 || sha256(body) !== digest) t.fail(`${path} of the preview: ${status}`);
    }
  await allServe(t, two);
});

const put = (Bucket: string, Key: string, Body: string | Buffer) =>
  door.send(new PutObjectCommand({ Bucket, Key, Body }));

/** What S3 clients have put so far. */
const wanted = new Map<string, string | Buffer>();

async function edgesServePuts(t: Test): Promise<void> {
  await put('puts', '.skerry-commit', '');
  await cluster.converged('puts');
  for (const { url, name } of cluster.edges)
    for (const [key, content] of wanted) {
      const { body } = await read(url, 'puts', key);
      t.equal(sha256(body), sha256(content), `${name} serves ${key}`);
    }
}

t.test('writes of S3 clients', async (t) => {
  await cluster.client.putSite('puts');
  for (let i = 0; i < 20; i++) wanted.set(`a/${i}.txt`, `put ${i}`);
  wanted.set('big.bin', randomBytes(2_000_000));
  await Promise.all([...wanted].map(([key, content]) => put('puts', key, content)));
  await edgesServePuts(t);
});

t.test('edges fetch what S3 clients put into a new bucket before it has a revision', async (t) => {
  const site = 'early';
  await cluster.client.putSite(site, { policy: { bucket: { quiet: 100, hold: 100 } } });
  const early = { 'big.bin': randomBytes(5_000_000) };
  await put(site, 'big.bin', early['big.bin']);
  for (const { adminUrl, name } of cluster.edges.slice(0, 2))
    await until(`${name} to hold it`, async () => {
      const { body } = await ask(adminUrl, '/metrics');
      return Number(/^skerry_edge_ahead_bytes (\d+)$/m.exec(body.toString())?.[1]) >= 5_000_000;
    });
  t.equal((await cluster.client.site(site)).revision, 0);
  await put(site, '.skerry-commit', '');
  await allServe(t, await writeTree(join(cluster.folder, site), early), site);
});

t.test('verify and repair', async (t) => {
  t.match(await skerry(t, 'store', 'verify'), / 0 damaged/);
  await skerry(t, 'verify');
  // The first object of each pack is altered. Edges have all objects that a revision names.
  for (const key of (await keys()).filter((key) => key.startsWith('packs/'))) {
    const bytes = await buffer((await bucket.get(key)) ?? Readable.from([]));
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    await bucket.put(key, bytes);
  }
  const found = await cluster.skerry('store', 'verify', '--json');
  t.equal(found.code, 1);
  t.ok((JSON.parse(found.stdout) as { pass: { damaged: number } }).pass.damaged > 0);
  await until('edges to have sent the objects', async () => {
    const { code, stdout } = await cluster.skerry('store', 'verify');
    return code === 0 && / 0 damaged/.test(stdout);
  });
  await allServe(t, two);
});

t.test('prune', async (t) => {
  await cluster.client.putSite(SITE, { policy: { retention: { revisions: 1, days: 0 } } });
  await cluster.skerry('alias', 'delete', SITE, 'pr-1');
  await age(cluster);
  const before = new Set(await keys());
  const { objects } = JSON.parse(await skerry(t, 'prune', '--json')) as { objects: number };
  t.ok(objects > 0);
  const after = await keys();
  const gone = [...before].filter((key) => !after.includes(key));
  t.ok(
    gone.some((key) => key.startsWith('large/')),
    'large objects that nothing names leave the bucket',
  );
  t.match(await skerry(t, 'store', 'verify'), / 0 damaged/);
  await allServe(t, two);
});

/** Objects that were uploaded a moment ago may belong to a publish that is under way, so they are not pruned. */
async function age({ origin }: Cluster): Promise<void> {
  await origin.stop();
  const catalog = new DatabaseSync(join(origin.data, 'catalog.sqlite'));
  catalog.exec('UPDATE object SET touched = touched - 3600001');
  catalog.close();
  await origin.start();
}

t.test('the S3 server dies in the middle of a publish', async (t) => {
  const { revision } = await cluster.client.site(SITE);
  const before = (await keys()).length;
  const next = await tree('next', 4);
  const publishing = cluster.skerry('publish', next, '--site', SITE, '--wait');
  await until('something of it to be stored', async () => (await keys()).length > before);
  await server.kill();
  const { code, stderr } = await publishing;
  t.equal(code, 1);
  t.match(stderr, /the bucket skerry-test cannot be used: .*ECONNREFUSED/);
  t.match(stderr, /AWS_ENDPOINT_URL_S3/, 'the hint');
  t.equal((await cluster.client.site(SITE)).revision, revision, 'no half revision');
  for (const { url } of cluster.edges.slice(0, 2))
    t.strictSame(await differences(url, SITE, two), [], 'edges serve on');
  await server.restart();
  await skerry(t, 'publish', next, '--site', SITE, '--wait');
  await allServe(t, next);
});

t.test('the S3 server dies under S3 clients of the origin', async (t) => {
  const { revision } = await cluster.client.site('puts');
  let isOver = false;
  const refused: { name: string; status: number | undefined }[] = [];
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let i = 0; !isOver; i++) {
      const [key, content] = [`w${writer}/${i}.txt`, randomBytes(2000)];
      try {
        await put('puts', key, content);
        wanted.set(key, content);
      } catch (error) {
        const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
        refused.push({ name, status: $metadata?.httpStatusCode });
        return;
      }
    }
  });
  const acknowledged = wanted.size;
  await until('some puts', () => wanted.size > acknowledged + 8);
  await server.kill();
  await until('a put to be refused', () => refused.length > 0);
  isOver = true;
  await Promise.all(writers);
  t.ok(refused.every(({ status }) => status === 503));
  t.equal((await cluster.client.site('puts')).revision, revision);
  for (const { url } of cluster.edges.slice(0, 2))
    t.equal(sha256((await read(url, 'puts', 'big.bin')).body), sha256(wanted.get('big.bin') ?? ''));
  await server.restart();
  const { Contents = [] } = await door.send(new ListObjectsV2Command({ Bucket: 'puts' }));
  const listed = new Set(Contents.map(({ Key }) => Key));
  for (const key of wanted.keys()) if (!listed.has(key)) t.fail(`${key} was acknowledged and is not listed`);
  await edgesServePuts(t);
});

t.test('the S3 server dies in the middle of a move to the data folder, and of one back', async (t) => {
  const move = async (to: string) => {
    const moving = cluster.skerry('store', 'migrate', '--to', to, '--json');
    await until('the move to have begun', async () => {
      const { stdout } = await cluster.skerry('store', 'migrate', '--json');
      const { store, progress } = JSON.parse(stdout) as { store: string; progress: object | null };
      return store === to || progress !== null;
    });
    await server.kill();
    const status = async () => JSON.parse((await cluster.skerry('store', 'migrate', '--json')).stdout);
    await until('the move to tell why it waits, or to be done', async () => {
      const { store, error } = (await status()) as { store: string; error: string | null };
      return store === to || (error !== null && /the bucket skerry-test cannot be used/.test(error));
    });
    const latest = await tree('latest', 5);
    for (const { url } of cluster.edges.slice(0, 2)) t.equal((await read(url, SITE, 'd1/1.txt')).status, 200);
    await server.restart();
    t.match(JSON.parse((await moving).stdout), { store: to });
    await skerry(t, 'store', 'migrate', '--drop-old');
    t.match(await skerry(t, 'store', 'verify'), / 0 damaged/);
    await skerry(t, 'publish', latest, '--site', SITE, '--wait');
    await allServe(t, latest);
  };
  await move('file:');
  await move(STORE);
});
