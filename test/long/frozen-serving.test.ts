import { join } from 'node:path';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { read } from '../helpers/http.ts';
import { childrenOf } from '../helpers/process-tree.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

t.test('a serving process that is frozen is replaced, also when nothing is published', async (t) => {
  const cluster = await startCluster({ edges: 1, processes: 2 });
  t.teardown(() => cluster.close());
  const [edge] = cluster.edges;
  if (edge?.running === undefined) throw new Error('a cluster of one edge has one');
  const folder = await writeTree(join(cluster.folder, 'tree'), { 'site/index.html': 'one' });
  t.equal((await cluster.skerry('publish', `${folder}/site`, '--site', 's', '--wait')).code, 0);
  const replicator = edge.running.pid;
  const [frozen = 0, other] = await childrenOf(replicator);
  process.kill(frozen, 'SIGSTOP');
  await until('another serving process', async () => {
    const now = await childrenOf(replicator);
    return now.length === 2 && !now.includes(frozen);
  });
  t.ok((await childrenOf(replicator)).includes(other ?? 0), 'the other one goes on');
  for (let i = 0; i < 10; i++) {
    const { body } = await read(edge.url, 's', 'index.html', { headers: { connection: 'close' } });
    t.equal(body.toString(), 'one');
  }
});
