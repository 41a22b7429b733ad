import t from 'tap';
import { damageFleet } from './damage.ts';

// This is a sample, of many small objects and some large ones. `npm run test:damage` flips 200 bytes at edges and 20 at the origin.
t.test('what disks alter is found, not served and repaired, at edges and at the origin', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const { faults, damaged } = await damageFleet(
    { packages: ['bootstrap-a/js/dist', 'bootstrap-a/dist/js'], edgeFlips: 12, originFlips: 4, seed },
    (line) => t.comment(line),
  );
  t.strictSame(faults, []);
  t.ok(damaged.origin > 0 && damaged.edges > 0);
});
