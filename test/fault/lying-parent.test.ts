import t from 'tap';
import { openLyingLane, type Round, randomRound } from './lying-rounds.ts';

const ROUNDS = 4;
const CPU_SECONDS = 3;
/** An edge reads 32 MiB of entries before it gives up, several times a round. `compare.test.ts` tests that once. */
const COSTLY = 'entries-endless';
// This is a sample. `npm run test:lying` runs as many rounds as you like.
t.test('a lying parent makes no edge serve what the origin did not sign', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const lane = await openLyingLane();
  const began = process.cpuUsage().user;
  let told = 0;
  for (let i = 0; i < ROUNDS && process.cpuUsage().user - began < CPU_SECONDS * 1e6; i++) {
    const drawn = randomRound(seed * 1000 + i);
    const round: Round = { ...drawn, lies: drawn.lies.filter((lie) => lie !== COSTLY) };
    if (round.lies.length === 0) continue;
    const outcome = await lane.run(round, seed + i);
    told += outcome.told;
    t.strictSame(outcome.faults, [], `round ${i} of seed ${seed}: ${round.lies.join(', ')}`, {
      warnings: outcome.warnings,
    });
  }
  await lane.close();
  t.ok(told > 0, `${told} lies were told`);
});
