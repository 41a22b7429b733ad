import { rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { ApiClient } from '../../origin/client/api-client.ts';
import { hashFiles } from '../../origin/client/folder/hash-files.ts';
import { publishFolder } from '../../origin/client/folder/publish-folder.ts';
import { scanFolder } from '../../origin/client/folder/scan.ts';
import { FileSender } from '../../origin/client/folder/send-files.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../shared/content/small-object.ts';
import { startHashThreads } from '../../shared/hashing/hash-threads.ts';
import { BUNDLE_TYPE, encodeBundleItem } from '../../shared/wire/bundle.ts';
import { type Cluster, startCluster } from '../helpers/cluster.ts';
import { ask, sha256 } from '../helpers/http.ts';
import { digestsOf, writeTree } from '../helpers/tree.ts';

const SITE = 'site';
const OBJECTS = `/v1/sites/${SITE}/objects`;
const signal = new AbortController().signal;
const hashThreads = startHashThreads(1);
t.teardown(() => hashThreads.close());

async function startOrigin(t: Test): Promise<Cluster> {
  const cluster = await startCluster({ edges: 0 });
  t.teardown(() => cluster.close());
  await cluster.client.putSite(SITE);
  return cluster;
}

/** A client that does something between the making of a deploy and its uploads, and counts them. */
class Meddler extends ApiClient {
  readonly bundles: number[] = [];
  readonly singles: Digest[] = [];
  meddle: () => Promise<void> = async () => {};

  override async createDeploy(...args: Parameters<ApiClient['createDeploy']>) {
    const deploy = await super.createDeploy(...args);
    await this.meddle();
    return deploy;
  }
  override async putObjects(...args: Parameters<ApiClient['putObjects']>) {
    const uploaded = await super.putObjects(...args);
    this.bundles.push(uploaded.objects);
    return uploaded;
  }
  override async putObject(...args: Parameters<ApiClient['putObject']>) {
    await super.putObject(...args);
    this.singles.push(args[1]);
  }
}

function meddler(t: Test, cluster: Cluster): Meddler {
  const client = new Meddler(cluster.origin.url, cluster.token, signal);
  t.teardown(() => client.close());
  return client;
}

const publish = (client: ApiClient, folder: string, sent: number[] = []) =>
  publishFolder(
    {
      client,
      hashThreads,
      site: SITE,
      commit: {},
      progress: ({ sentBytes }) => sent.push(sentBytes),
      signal,
    },
    folder,
  );

const large = Buffer.alloc(SMALL_OBJECT + 1, 'large');

const SIZE = 20_000;

function manyFiles(count: number, seed: string): Record<string, string | Buffer> {
  const files: Record<string, string | Buffer> = {};
  for (let i = 0; i < count; i++) files[`${i % 20}/${i}.txt`] = `${seed} ${i} `.padEnd(SIZE, String(i));
  return files;
}

async function published(cluster: Cluster, revision: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { path, digest } of cluster.client.manifest(SITE, revision)) found.set(path, digest);
  return found;
}

t.test('a folder of many small files travels in bundles', async (t) => {
  const cluster = await startOrigin(t);
  const client = meddler(t, cluster);
  const folder = await writeTree(join(cluster.folder, 'tree'), {
    ...manyFiles(500, 'one'),
    ...{ empty: '', one: 'twin', other: 'twin' },
    'large.bin': large,
  });
  const sent: number[] = [];
  const { commit, files, sentFiles, sentBytes } = await publish(client, folder, sent);
  t.match({ files, sentFiles }, { files: 504, sentFiles: 503 }, 'equal files are sent once');
  t.equal(client.bundles.length, 2, 'of at most 8 MiB each');
  t.equal(
    client.bundles.reduce((sum, objects) => sum + objects, 0),
    502,
  );
  t.equal(client.singles.length, 1);
  t.equal(sent.at(-1), sentBytes);
  t.strictSame(await published(cluster, commit.revision), await digestsOf(folder));
  const path = `/v1/sites/${SITE}/files/7/7.txt`;
  const read = await ask(cluster.origin.url, path, { headers: { authorization: `Bearer ${cluster.token}` } });
  t.equal(sha256(read.body), (await digestsOf(folder)).get('7/7.txt'));

  await writeFile(join(folder, '0/0.txt'), 'changed');
  t.match(await publish(client, folder), { sentFiles: 1, sentBytes: 7 });
  t.equal(client.bundles.length, 2, 'one file is not worth a bundle');
});

t.test('a publish that was killed in the middle and is repeated sends only the rest', async (t) => {
  const cluster = await startOrigin(t);
  const client = meddler(t, cluster);
  const folder = await writeTree(join(cluster.folder, 'tree'), manyFiles(1200, 'two'));
  const kill = new AbortController();
  const dying = new ApiClient(cluster.origin.url, cluster.token, kill.signal);
  let seen = 0;
  const progress = ({ sentBytes }: { sentBytes: number }) => {
    seen = sentBytes;
    if (sentBytes > 18_000_000) kill.abort();
  };
  const parts = { client: dying, hashThreads, site: SITE, commit: {}, progress, signal: kill.signal };
  await t.rejects(publishFolder(parts, folder));
  await dying.close();
  t.ok(seen > 0);
  t.equal((await cluster.client.site(SITE)).revision, 0, 'nothing was published');

  await cluster.origin.stop('SIGKILL');
  await cluster.origin.start();
  const { commit, sentFiles } = await publish(client, folder);
  t.ok(sentFiles > 0 && sentFiles < 1200, `${sentFiles} of 1200 were sent`);
  t.strictSame(await published(cluster, commit.revision), await digestsOf(folder));
});

t.test('files that change underneath', async (t) => {
  const cluster = await startOrigin(t);
  const client = meddler(t, cluster);
  const folder = await writeTree(join(cluster.folder, 'tree'), manyFiles(100, 'three'));
  const files = await hashFiles((await scanFolder(folder)).files, hashThreads, () => {}, signal);
  await writeFile(join(folder, '7/7.txt'), 'same length? no');
  const sender = new FileSender(client, SITE, () => {}, signal);
  sender.add(files);
  const failure = { code: 'file-changed', message: /7\/7\.txt changed/ };
  await t.rejects(sender.end(), failure, 'the failure is the reader’s own');

  await writeTree(folder, { ...manyFiles(100, 'four'), 'large.bin': large });
  const changes: (() => Promise<void>)[] = [
    () => writeFile(join(folder, '8/8.txt'), 'another content'),
    () => rm(join(folder, '9/9.txt')),
    () => writeFile(join(folder, 'large.bin'), large.subarray(2)),
  ];
  client.meddle = async () => changes.pop()?.();
  const { commit } = await publish(client, folder);
  t.strictSame(changes, [], 'the folder was read again each time');
  t.strictSame(await published(cluster, commit.revision), await digestsOf(folder));
});

t.test('bad bundles are refused, whole, and answered', async (t) => {
  const cluster = await startOrigin(t);
  const send = async (body: Buffer, headers: Record<string, string> = {}, path = OBJECTS) => {
    const authorization = `Bearer ${cluster.token}`;
    const all = { authorization, 'content-type': BUNDLE_TYPE, ...headers };
    const answer = await ask(cluster.origin.url, path, { method: 'POST', body, headers: all });
    return { status: answer.status, body: JSON.parse(answer.body.toString()) };
  };
  const zstd = { 'content-encoding': 'zstd' };
  const hello = encodeBundleItem(Buffer.from('hello'));
  const none = encodeBundleItem(Buffer.alloc(0));
  const most = encodeBundleItem(Buffer.alloc(SMALL_OBJECT));

  await t.test('what is taken', async (t) => {
    const taken = { status: 200, body: { objects: 2, bytes: 5 } };
    t.match(await send(Buffer.concat([hello, none])), taken, 'plain');
    t.match(await send(zstdCompressSync(Buffer.concat([hello, none])), zstd), taken, 'packed, and again');
    t.match(await send(Buffer.alloc(0)), { status: 200, body: { objects: 0, bytes: 0 } }, 'nothing');
    t.match(await send(most), { status: 200, body: { bytes: SMALL_OBJECT } }, 'the largest');
  });

  await t.test('what is cut off', async (t) => {
    const cut = { status: 400, body: { code: 'truncated-upload' } };
    t.match(await send(hello.subarray(0, 3)), cut);
    t.match(await send(Buffer.concat([hello, hello.subarray(0, 6)])), cut);
    t.match(await send(zstdCompressSync(hello.subarray(0, 6)), zstd), cut, 'before it was packed');
    t.match(await send(zstdCompressSync(hello).subarray(0, 12), zstd), cut, 'after');
    t.match(await hangUp(cluster, hello), /ECONNRESET|socket hang up/, 'by the sender');
  });

  await t.test('what is too large', async (t) => {
    const over = encodeBundleItem(Buffer.alloc(SMALL_OBJECT + 1));
    t.match(await send(over), { status: 400, body: { code: 'bad-request', title: /65537 bytes/ } });
    const absent = encodeBundleItem(undefined);
    t.match(await send(absent), { status: 400, body: { code: 'bad-request' } }, 'no marks of absence');
    const refused = { status: 413, body: { code: 'too-large' } };
    const many = Buffer.concat(Array.from({ length: 100_001 }, () => none));
    t.match(await send(many), refused, 'one object too many');
    const bomb = zstdCompressSync(Buffer.alloc(2 ** 30), {
      params: { [constants.ZSTD_c_windowLog]: 20 },
    });
    t.ok(bomb.length < 200_000, `a bomb of ${bomb.length} bytes`);
    t.match(await send(bomb, zstd), refused, 'a bomb');
    const plain = Buffer.concat(Array.from({ length: 4200 }, () => most));
    t.match(await send(plain), refused, 'a body above 256 MiB is answered while it is being sent');
  });

  await t.test('what is no bundle', async (t) => {
    const refused = { status: 400, body: { code: 'bad-request' } };
    t.match(await send(Buffer.from('this is not zstd'), zstd), refused, 'garbage');
    t.match(await send(hello, { 'content-encoding': 'gzip' }), refused, 'another encoding');
    t.match(await send(hello, { 'content-type': 'application/json' }), refused, 'another type');
  });

  await t.test('who may', async (t) => {
    const other = (await cluster.client.createToken({ scope: 'publish:other' })).token;
    const mine = (await cluster.client.createToken({ scope: `publish:${SITE}` })).token;
    const as = (token: string) => send(hello, { authorization: `Bearer ${token}` });
    t.match(await as('nonsense'), { status: 401, body: { code: 'unauthenticated' } });
    t.match(await as(other), { status: 403, body: { code: 'forbidden' } });
    t.match(await as(mine), { status: 200 });
    const nowhere = await send(hello, {}, '/v1/sites/nowhere/objects');
    t.match(nowhere, { status: 404, body: { code: 'no-such-site' } });
  });

  await t.test('what arrives altered is missing at the commit', async (t) => {
    const deploy = await send(
      Buffer.from(JSON.stringify({ files: { a: { digest: sha256('right'), size: 5 } } })),
      { 'content-type': 'application/json' },
      `/v1/sites/${SITE}/deploys`,
    );
    t.match(await send(encodeBundleItem(Buffer.from('wrong'))), { status: 200 });
    const commit = () =>
      send(Buffer.from('{}'), { 'content-type': 'application/json' }, `/v1/deploys/${deploy.body.id}/commit`);
    const missing = [sha256('right')];
    t.match(await commit(), { status: 409, body: { code: 'objects-missing', missing } });
    await send(encodeBundleItem(Buffer.from('right')));
    t.match(await commit(), { status: 200 });
  });

  const openapi = JSON.parse((await ask(cluster.origin.url, '/openapi.json')).body.toString());
  t.ok(openapi.paths['/v1/sites/{site}/objects'].post.requestBody.content[BUNDLE_TYPE], 'it is described');
});

/** Announces more bytes than it sends, and hangs up. */
function hangUp(cluster: Cluster, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(cluster.origin.url);
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${cluster.token}`,
      'content-type': BUNDLE_TYPE,
      'content-length': String(bytes.length + 1),
    };
    const sent = request({ hostname, port, path: OBJECTS, method: 'POST', headers });
    sent.on('error', (error) => resolve(error.message));
    sent.write(bytes, () => setImmediate(() => sent.destroy(new Error('ECONNRESET'))));
  });
}
