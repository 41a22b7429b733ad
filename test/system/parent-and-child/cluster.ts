import t from 'tap';
import { startCluster } from '../../helpers/cluster.ts';

/** One for all suites of this folder. Its second edge follows the first one. */
export const cluster = await startCluster({
  edges: 2,
  args: (index, feeds) =>
    index === 0
      ? ['--feed-port', new URL(feeds[0] ?? '').port]
      : ['--parent', feeds[0] ?? '', '--label', 'old'],
});
t.teardown(() => cluster.close());
const [first, second] = cluster.edges;
if (first === undefined || second === undefined) throw new Error('a cluster of two edges has two');
export const [parent, child] = [first, second];
