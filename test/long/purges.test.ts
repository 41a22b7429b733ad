import t from 'tap';
import { attackWithPurges } from '../fault/attacks/purges.ts';
import { startCluster } from '../helpers/cluster.ts';

const MOST_BYTES = 600e6;

t.test('twenty publishers who purge as much as they can', async (t) => {
  const cluster = await startCluster({ edges: 2 });
  t.teardown(() => cluster.close());
  const outcome = await attackWithPurges(cluster, { sites: 20, purges: 100 });
  t.equal(outcome.tooLarge, 413);
  t.ok(outcome.taken >= 20 * 16);
  for (const [who, bytes] of Object.entries(outcome.peaks))
    t.ok(bytes < MOST_BYTES, `${who}: ${bytes} bytes`);
  t.comment(JSON.stringify(outcome));
});
