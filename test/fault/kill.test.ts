import t from 'tap';
import { killRounds } from './kill-rounds.ts';

const BETWEEN_READS_MS = 40;

// This is a sample. `npm run test:kill` runs as many rounds as you like.
t.test('kill -9 of edges and the origin loses nothing and mixes nothing', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const pace = { betweenReadsMs: BETWEEN_READS_MS, patienceMs: 3000 };
  const { faults, answers } = await killRounds(2, seed, (line) => t.comment(line), pace);
  t.strictSame(faults, []);
  t.ok(answers > 50, `${answers} answers were judged`);
});
