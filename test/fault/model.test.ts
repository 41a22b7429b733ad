import t from 'tap';
import { openLanes } from './model.ts';

const MOST = 60;
const CPU_SECONDS = 12;
/** Found by `npm run test:model` and not yet mended: a line goes when its fault does. */
const KNOWN: readonly string[] = [
  'bucket-flip',
  'bucket-loss',
  'entry-hash',
  // A parent that took up a checkpoint serves its children a log with a gap.
  'prune-log',
  // What was prepared under one filter is shown under another.
  'filter',
  // Mending a manifest and staging the next revision get into each other's way.
  'entry-flip',
  'entry-loss',
  'entry-extra',
];

// A sample; `npm run test:model` runs as many sequences as one likes.
t.test('random sequences of faults leave an edge with what the origin published', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const { lanes, close } = await openLanes(3);
  const began = process.cpuUsage().user;
  let next = 0;
  let sights = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      while (next < MOST && process.cpuUsage().user - began < CPU_SECONDS * 1e6) {
        const { sequence, plan, faults, ...seen } = await lane.run(seed, next++, KNOWN);
        sights += seen.sights;
        t.strictSame(faults, [], `sequence ${sequence} of seed ${seed}`, {
          plan: plan.steps.map((step) => JSON.stringify(step)),
          warnings: seen.warnings,
        });
      }
    }),
  );
  await close();
  t.comment(`${next} sequences`);
  t.ok(sights > next, `${sights} sights were judged`);
});
