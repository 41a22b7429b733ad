import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { ask, read } from '../helpers/http.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

/** The origin comes back from a copy that is older than what its edges have: no number may hide it. */
const SITE = 'docs';
const originArgs: string[] = [];
const cluster = await startCluster({ edges: 1, originArgs });
t.teardown(() => cluster.close());
const { origin, edges } = cluster;
const [first] = edges;
if (first === undefined) throw new Error('a cluster of one edge has one');
const publish = async (text: string, ...args: string[]) => {
  const folder = await writeTree(join(cluster.folder, SITE), { 'index.html': text });
  return cluster.skerry('publish', folder, '--site', SITE, ...args);
};
const shown = async () => (await read(first.url, SITE, '')).body.toString();

t.test('an origin that runs on an older copy says so, and writes nothing', async (t) => {
  t.equal((await publish('one', '--wait')).code, 0);
  await origin.stop();
  const copy = join(cluster.folder, 'copy');
  await cp(origin.data, copy, { recursive: true });
  await origin.start();
  t.equal((await publish('two', '--wait')).code, 0);
  // An edge that was not back yet when it was published is not waited for by the command.
  await cluster.converged(SITE);
  await origin.stop();
  await rm(origin.data, { recursive: true });
  await cp(copy, origin.data, { recursive: true });
  await origin.start();

  const named = await until('the edges to be named', async () => {
    const all = await cluster.client.edges();
    return all.every(({ diverged, online }) => online && diverged !== null) && all;
  });
  t.ok(
    named.every(({ diverged, sites }) => Number(diverged?.position) > Number(diverged?.head) && !sites[SITE]),
  );
  const { stdout } = await cluster.skerry('edges');
  t.match(stdout, /edge-1 .*diverged/);
  t.match(stdout, /edge-1: diverged: it has records up to \d+ that are not in the log of this origin/);
  const metrics = await ask(origin.url, '/metrics');
  t.match(metrics.body.toString(), /^skerry_edge_diverged\{edge="edge-1",region="r0"\} 1$/m);
  await until('the edge to know', async () => {
    const answer = await ask(first.adminUrl, '/readyz');
    return answer.status === 503 && JSON.parse(answer.body.toString()).status === 'diverged';
  });

  const refused = await publish('three', '--wait');
  t.equal(refused.code, 1);
  t.match(refused.stderr, /edge-\d has the record \d+ that this origin once signed/);
  t.equal(await shown(), 'two', 'what is shown is what was published');
});

t.test('an operator who accepts it writes on, and is told who is left behind', async (t) => {
  await origin.stop();
  originArgs.push('--accept-divergence');
  await origin.start();
  await until('the edges to be named', async () =>
    (await cluster.client.edges()).every(({ diverged, online }) => online && diverged !== null),
  );
  const published = await publish('three', '--wait');
  t.equal(published.code, 3, published.stderr);
  t.match(published.stderr, /live, but not on edge-1 \(diverged/);
  const synced = await publish('four', '--mode', 'sync');
  t.not(synced.code, 0, 'nobody confirms a sync publish');
  for (const { diverged } of await cluster.client.edges()) t.ok(diverged);
  t.equal(await shown(), 'two');
});
