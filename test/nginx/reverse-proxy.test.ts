import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { ask, read } from '../helpers/http.ts';
import { type Nginx, startNginx } from '../helpers/nginx.ts';
import { skerry } from '../helpers/processes.ts';
import { writeTree } from '../helpers/tree.ts';

/** An origin behind nginx as `proxy_pass` sets it up by itself, but for the limit of bodies. */
const SITE = 'www';
const folder = t.testdir({});
const behind = (name: string, origin: string, directives = '') =>
  startNginx({
    folder,
    home: join(folder, name),
    directives: `${directives} location / { proxy_pass ${origin}; }`,
  });
let proxy: Nginx | undefined;
const cluster = await startCluster({
  edges: 2,
  async originUrl(origin) {
    proxy = await behind('proxy', origin, 'client_max_body_size 0;');
    return proxy.url;
  },
});
const strict = await behind('strict', cluster.origin.url);
t.teardown(async () => {
  await cluster.close();
  await Promise.all([proxy?.stop(), strict.stop()]);
});
const [edge] = cluster.edges;
if (edge === undefined || proxy === undefined) throw new Error('a cluster of two edges has one');
const through = (url: string, ...args: string[]) =>
  skerry(args, { cwd: cluster.folder, env: { SKERRY_ORIGIN: url, SKERRY_TOKEN: cluster.token } });
const files = { 'index.html': 'one', 'large.bin': randomBytes(6 * 1024 * 1024) };

t.test('edges follow, publishes arrive, and nothing is buffered', async (t) => {
  const tree = await writeTree(join(cluster.folder, SITE), files);
  const first = await through(proxy?.url ?? '', 'publish', tree, '--site', SITE, '--wait');
  t.equal(first.code, 0, first.stderr);
  t.ok((await read(edge.url, SITE, 'large.bin')).body.equals(files['large.bin']));
  for (const text of ['two', 'three', 'four']) {
    await writeTree(join(cluster.folder, SITE), { ...files, 'index.html': text });
    const published = await through(proxy?.url ?? '', 'publish', tree, '--site', SITE, '--mode', 'sync');
    t.equal(published.code, 0, published.stderr);
    t.equal(
      (await read(edge.url, SITE, '')).body.toString(),
      text,
      'at once: the stream is passed on as it comes',
    );
  }
  const status = JSON.parse((await ask(edge.adminUrl, '/status')).body.toString());
  t.ok(status.contactSeconds < 15);
  t.strictSame(status.faults, []);
});

t.test('a limit of the proxy is named, and is no fault in Skerry', async (t) => {
  const tree = await writeTree(join(cluster.folder, 'other'), {
    'index.html': 'x',
    'large.bin': randomBytes(3 * 1024 * 1024),
  });
  const { code, stderr } = await through(strict.url, 'publish', tree, '--site', 'other');
  t.equal(code, 1);
  t.match(stderr, /413.*client_max_body_size/);
  t.notMatch(stderr, /fault in Skerry/);
});

t.test('a proxy whose origin is away says so as the origin would', async (t) => {
  await cluster.origin.stop();
  const { code, stderr } = await through(proxy?.url ?? '', 'sites');
  t.equal(code, 1);
  t.match(stderr, /answers 502/);
  t.notMatch(stderr, /fault in Skerry/);
  await cluster.origin.start();
});
