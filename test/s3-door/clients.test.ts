import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { read, sha256 } from '../helpers/http.ts';
import { accessKeyOf } from '../helpers/s3.ts';
import { digestsOf, writeTree } from '../helpers/tree.ts';
import { awscli, boto3, type Client, type Endpoint, rclone, restic, s3cmd, sdk } from './clients.ts';
import { installClients } from './programs.ts';

t.setTimeout(1_800_000);
await installClients();

const LARGE = 'large/100 MB.bin';
const ODD: readonly string[] = [
  ...['ü b+c&d=e.txt', 'sp ace/ü/x y.html', `q'uote"s.txt`, 'a%20b', 'plus+plus', '日本/語.txt', '~tilde'],
  ...['emoji-😀.bin', '.hidden', 'semi;colon', 'at@sign', 'hash#tag', 'question?mark', 'brackets[1](2){3}'],
  ...['comma,excl!', 'dollar$', 'star*', 'pipe|', 'colon:name', 'equals=amp&', 'tick`', '<tag>', 'caret^'],
];

const folder = await mkdtemp(join(tmpdir(), 'skerry-s3-'));
t.teardown(() => rm(folder, { recursive: true, force: true }));
const tree = await writeTree(join(folder, 'tree'), {
  ...Object.fromEntries(ODD.map((path) => [path, `content of ${path}`])),
  ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`pages/${i}/index.html`, `<p>${i}</p>`])),
  empty: '',
  'medium.bin': randomBytes(300_000),
  [LARGE]: randomBytes(100 * 1024 * 1024),
});

for (const isSecure of [false, true])
  t.test(isSecure ? 'over TLS' : 'over plain HTTP', async (t) => {
    const [s3Port = 0] = await freePorts(1);
    const cluster = await startCluster({
      ...{ edges: 3, secureOrigin: isSecure, originArgs: ['--s3-port', String(s3Port)] },
    });
    t.teardown(() => cluster.close());
    const own = join(folder, isSecure ? 'https' : 'http');
    await mkdir(own);
    const endpoint: Endpoint = {
      url: `${isSecure ? 'https' : 'http'}://127.0.0.1:${s3Port}`,
      ...accessKeyOf(cluster.token),
      ca: isSecure ? join(cluster.origin.data, 'ca.pem') : undefined,
      folder: own,
    };
    const edges = cluster.edges.map(({ url }) => url);
    const served = async (t: Test, bucket: string, wanted: string) => {
      await cluster.converged(bucket);
      for (const edge of edges)
        t.strictSame(await differences(edge, bucket, wanted), [], `${edge} serves ${bucket}`);
    };
    const reader = await sdk(endpoint);

    const clients: Client[] = [
      awscli(endpoint),
      await s3cmd(endpoint),
      rclone(endpoint),
      boto3(endpoint),
      reader,
    ];
    for (const client of clients)
      t.test(client.name, async (t) => {
        const bucket = `by-${client.name}`;
        await client.create(bucket);
        await client.sync(tree, bucket);
        const digests = await digestsOf(tree);
        t.strictSame((await client.list(bucket)).sort(), [...digests.keys()].sort(), 'lists what it wrote');
        for (const key of [...ODD, LARGE])
          t.equal(sha256(await client.get(bucket, key)), digests.get(key), `gets ${key}`);
        if (client.range !== undefined)
          t.equal((await client.range(bucket, 'a%20b')).toString(), 'nt of', 'gets a range');
        await reader.commit(bucket);
        await served(t, bucket, tree);
        await client.delete(bucket, 'medium.bin');
        t.notOk((await client.list(bucket)).includes('medium.bin'), 'deletes');
        await reader.commit(bucket);
        await cluster.converged(bucket);
        for (const edge of edges) t.equal((await read(edge, bucket, 'medium.bin')).status, 404);
      });

    t.test('restic', async (t) => {
      await reader.create('by-restic');
      const restored = await restic(endpoint, tree, 'by-restic');
      t.strictSame(await digestsOf(restored), await digestsOf(tree), 'restores what it saved');
      await reader.commit('by-restic');
      await cluster.converged('by-restic');
      for (const key of await reader.list('by-restic')) {
        const digest = sha256(await reader.get('by-restic', key));
        for (const edge of edges) t.equal(sha256((await read(edge, 'by-restic', key)).body), digest);
      }
    });
  });
