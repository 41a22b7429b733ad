import t from 'tap';
import { startCluster } from '../../helpers/cluster.ts';

/** One for all suites of this folder: they run one after another, and each has sites of its own. */
export const cluster = await startCluster({ edges: 1 });
t.teardown(() => cluster.close());
const [first] = cluster.edges;
if (first === undefined) throw new Error('a cluster of one edge has one');
export const edge = first;
