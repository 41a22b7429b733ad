import t from 'tap';
import { openLanes } from './model.ts';

const MOST = 40;
const CPU_SECONDS = 3;

// This is a sample. `npm run test:model` runs as many sequences as you like.
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
        const { sequence, plan, faults, ...seen } = await lane.run(seed, next++, []);
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
