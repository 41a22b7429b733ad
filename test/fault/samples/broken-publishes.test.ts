import t from 'tap';
import { brokenPublishes } from '../broken-publishes.ts';

// This is a sample. `npm run test:broken` breaks as many publishes as you like.
t.test('a publish that is broken off goes on where it was', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const { faults, sentBytes } = await brokenPublishes(1, seed, (line) => t.comment(line));
  t.strictSame(faults, []);
  t.ok(sentBytes > 0);
});
