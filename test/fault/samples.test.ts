import t from 'tap';
import { brokenPublishes } from './broken-publishes.ts';
import { damageFleet } from './damage.ts';
import { drainUnderLoad, startDrainCluster } from './drain.ts';
import { taskRounds } from './task-rounds.ts';

/** Samples of scripts: one round of each, on one cluster. The scripts do as much harm as you like. */
const drained = await startDrainCluster(1);
const { cluster } = drained;
t.teardown(() => drained.close());
const seed = Number(process.env.SKERRY_SEED ?? Date.now() % 1_000_000);
const tell = (line: string) => t.comment(line);
t.comment(`seed ${seed}`);

t.test('damage: what disks alter is found, not served and repaired', async (t) => {
  const { faults, damaged } = await damageFleet(
    cluster,
    { packages: ['bootstrap-a/dist/js'], edgeFlips: 4, originFlips: 2, betweenReadsMs: 30, seed },
    tell,
  );
  t.strictSame(faults, []);
  t.ok(damaged.origin > 0 && damaged.edges > 0);
});

t.test('drain: an edge is drained and brought back, and no request fails', async (t) => {
  const faults = await drainUnderLoad(drained, { rate: 100, seconds: 0.2, readers: 14, isQuick: true, tell });
  t.strictSame(faults, []);
});

t.test('tasks: each ends once, although the origin is killed and harm comes to an edge', async (t) => {
  const { faults, tasks } = await taskRounds(
    cluster,
    { follows: new Map(), parents: 0, tasks: 2, originKills: 1, longestHarmMs: 300, seed },
    tell,
  );
  t.strictSame(faults, []);
  t.equal(tasks, 2);
});

t.test('broken: a publish that is broken off goes on where it was', async (t) => {
  // The publish is about the origin alone.
  await Promise.all(cluster.edges.map((edge) => edge.stop()));
  const { faults, sentBytes } = await brokenPublishes(cluster, 1, seed, tell);
  t.strictSame(faults, []);
  t.ok(sentBytes > 0);
});
