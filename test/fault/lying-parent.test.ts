import t from 'tap';
import type { Lie } from './lies.ts';
import { openLyingLane, type Round, randomRound } from './lying-rounds.ts';

const ROUNDS = 12;
const CPU_SECONDS = 12;
/**
 * Found by `npm run test:lying` and not yet mended: these keep an edge from what an honest parent beside the liar
 * could give it. Nothing wrong is ever served. A line goes when its fault does.
 */
const KNOWN: readonly Lie[] = [
  ...(['record-dropped', 'head-dropped', 'head-alone', 'frame-critical', 'too-new'] as const),
  ...(['cut-off', 'refused', 'missing', 'late', 'silent', 'pruned', 'endless'] as const),
  ...(['entries-endless', 'nothing-endless', 'frame-huge'] as const),
];

// A sample; `npm run test:lying` runs as many rounds as one likes.
t.test('a lying parent makes no edge serve what the origin did not sign', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const lane = await openLyingLane();
  const began = process.cpuUsage().user;
  let told = 0;
  for (let i = 0; i < ROUNDS && process.cpuUsage().user - began < CPU_SECONDS * 1e6; i++) {
    const round: Round = randomRound(seed * 1000 + i);
    const lies = round.lies.filter((lie) => !KNOWN.includes(lie));
    const outcome = await lane.run({ ...round, lies }, seed + i);
    told += outcome.told;
    t.strictSame(outcome.faults, [], `round ${i} of seed ${seed}: ${lies.join(', ')}`, {
      warnings: outcome.warnings,
    });
  }
  await lane.close();
  t.ok(told > 0, `${told} lies were told`);
});
