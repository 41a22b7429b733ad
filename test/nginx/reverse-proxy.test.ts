import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { ask, read } from '../helpers/http.ts';
import { type Nginx, startNginx } from '../helpers/nginx.ts';
import { skerry } from '../helpers/processes.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

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
// Its heads would pass if nginx heeded what the stream says of itself: so it is as other proxies are.
const buffering = await behind(
  'buffering',
  cluster.origin.url,
  'client_max_body_size 0; proxy_ignore_headers X-Accel-Buffering;',
);
const strict = await behind('strict', cluster.origin.url);
t.teardown(async () => {
  await cluster.close();
  await Promise.all([proxy?.stop(), strict.stop(), buffering.stop()]);
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

t.test('an edge behind one that keeps streams back says so, and follows all the same', async (t) => {
  await edge.stop();
  await edge.start('--origin', buffering.url);
  const named = await until('the fault', async () => {
    const { faults } = JSON.parse((await ask(edge.adminUrl, '/status')).body.toString());
    return faults.find(({ code }: { code: string }) => code === 'silent-feed');
  });
  t.match(named, { upstream: buffering.url });
  const metrics = (await ask(edge.adminUrl, '/metrics')).body.toString();
  t.match(metrics, /skerry_edge_fault_timestamp_seconds\{code="silent-feed",upstream="http[^"]*"\} \d+/);
  await until('the operator to be told', async () =>
    (await through(cluster.origin.url, 'edges')).stdout.includes('silent-feed'),
  );
  const tree = await writeTree(join(cluster.folder, SITE), { ...files, 'index.html': 'five' });
  t.equal((await through(cluster.origin.url, 'publish', tree, '--site', SITE)).code, 0);
  await until('the publish', async () => (await read(edge.url, SITE, '')).body.toString() === 'five');
  await edge.stop();
  await edge.start('--origin', proxy?.url ?? '');
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
