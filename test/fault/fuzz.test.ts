import t from 'tap';
import { fuzz } from './fuzz.ts';

// This is a sample. `npm run test:fuzz` sends as many requests as you like.
t.test('whatever is sent to its ports, no process ends, stalls or keeps it', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const { faults, cases } = await fuzz({ cases: 300, seed, settleMs: 300, tell: (line) => t.comment(line) });
  t.strictSame(faults, []);
  t.equal(cases, 300);
});
