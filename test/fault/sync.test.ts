import t from 'tap';
import { syncRounds } from './sync-rounds.ts';

// This is a sample. `npm run test:sync` publishes as often as you like.
t.test('what a sync publish acknowledges holds, whatever fails meanwhile', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const { faults, reads, publishes } = await syncRounds({
    ...{ publishes: 4, seed, edges: 2, isQuick: true },
    tell: (line) => t.comment(line),
  });
  t.strictSame(
    faults.map(({ kind, text }) => `${kind}: ${text}`),
    [],
  );
  t.ok(publishes >= 4);
  t.ok(reads > 100, `${reads} answers were judged`);
});
