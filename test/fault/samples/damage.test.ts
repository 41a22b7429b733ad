import t from 'tap';
import { damageFleet } from '../damage.ts';

// This is a sample, of one edge. `npm run test:damage` flips 200 bytes at three edges and 20 at the origin.
t.test('what disks alter is found, not served and repaired, at an edge and at the origin', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const { faults, damaged } = await damageFleet(
    { packages: ['bootstrap-a/dist/js'], edges: 1, edgeFlips: 4, originFlips: 2, betweenReadsMs: 30, seed },
    (line) => t.comment(line),
  );
  t.strictSame(faults, []);
  t.ok(damaged.origin > 0 && damaged.edges > 0);
});
