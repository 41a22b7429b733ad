import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { lazily, startShapedCluster } from '../helpers/shaped-cluster.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const MISSES = 600;

t.test(
  '600 objects that are missed at once are fetched, within what the origin bears of a member',
  async (t) => {
    const cluster = await startCluster({
      edges: 1,
      args: () => lazily(100_000_000),
    });
    t.teardown(() => cluster.close());
    const [edge] = cluster.edges;
    if (edge === undefined) throw new Error('a cluster of one edge has one');
    const paths = Array.from({ length: MISSES }, (_, i) => `site/${i}.bin`);
    const files = Object.fromEntries(paths.map((path) => [path, randomBytes(10_000)]));
    const folder = await writeTree(join(cluster.folder, 'tree'), files);
    t.equal((await cluster.skerry('publish', `${folder}/site`, '--site', 's', '--wait')).code, 0);
    const statuses = await Promise.all(paths.map((_, i) => statusOf(`${edge.url}/${i}.bin`)));
    t.same([...new Set(statuses)], [200]);
  },
);

t.test(
  'an upstream that falls silent holds up the first readers alone, and is missed no longer',
  async (t) => {
    const { cluster, edge, link, close } = await startShapedCluster({ args: () => lazily(100_000_000) });
    t.teardown(close);
    const paths = Array.from({ length: 20 }, (_, i) => `site/${i}.txt`);
    const folder = await writeTree(
      join(cluster.folder, 'tree'),
      Object.fromEntries(paths.map((p) => [p, p])),
    );
    t.equal((await cluster.skerry('publish', `${folder}/site`, '--site', 's', '--wait')).code, 0);
    const miss = (i: number) => statusOf(`${edge.url}/${i}.txt`);
    t.equal(await miss(0), 200);
    link.freeze();
    t.same(await Promise.all([miss(1), miss(2)]), [503, 503]);
    const began = performance.now();
    for (let i = 3; i < 13; i++) t.equal(await miss(i), 503);
    t.ok(performance.now() - began < 10_000, 'each of them would have waited for 15 seconds');
    link.thaw();
    await until('it is back', async () => (await miss(13)) === 200);
  },
);

/** On a connection of its own: all ask at the same time. */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, headers: { host: 's.localhost' } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    asked.on('error', reject).end();
  });
}
