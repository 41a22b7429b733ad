import t from 'tap';
import { startCluster } from '../../helpers/cluster.ts';
import { attackWithPurges } from './purges.ts';

const MOST_BYTES = 500e6;

t.test('publishers who purge without end hold up nobody', async (t) => {
  const cluster = await startCluster({ edges: 1 });
  t.teardown(() => cluster.close());
  const outcome = await attackWithPurges(cluster, { sites: 2, purges: 20 });
  t.equal(outcome.tooLarge, 413);
  t.ok(outcome.taken >= 2 * 16, 'a burst is taken');
  t.ok(outcome.refused > 0, 'what goes on is told to wait');
  for (const [who, bytes] of Object.entries(outcome.peaks))
    t.ok(bytes < MOST_BYTES, `${who}: ${bytes} bytes`);
  t.comment(JSON.stringify(outcome));
});
