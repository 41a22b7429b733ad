import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { writeTree } from '../helpers/tree.ts';

const MISSES = 600;

t.test(
  '600 objects that are missed at once are fetched, within what the origin bears of a member',
  async (t) => {
    const cluster = await startCluster({
      edges: 1,
      args: () => ['--storage', 'lazy', '--disk', '100000000'],
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

/** On a connection of its own: all ask at the same time. */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, headers: { host: 's.localhost' } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    asked.on('error', reject).end();
  });
}
