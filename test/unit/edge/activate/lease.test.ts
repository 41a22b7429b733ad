import t from 'tap';
import { Lease } from '../../../../edge/activate/lease.ts';
import { machineTime } from '../../../../shared/clock.ts';

t.test('a lease lasts from the asking, not from the answer', async (t) => {
  const lease = new Lease();
  t.equal(lease.until, 0, 'none at first');
  lease.granted(1000, 5000);
  t.equal(lease.until, 6000);
});

t.test('it lapses by itself, and is caught up with by the next', async (t) => {
  const lease = new Lease();
  const isHeld = (now: number) => now < lease.until;
  lease.granted(1000, 5000);
  t.strictSame([5999, 6000, 9000].map(isHeld), [true, false, false]);
  lease.granted(9000, 5000);
  t.strictSame([9000, 13_999, 14_000].map(isHeld), [true, true, false]);
});

t.test('an answer that comes late, or grants nothing, shortens none', async (t) => {
  const lease = new Lease();
  lease.granted(3000, 5000);
  for (const [sent, ms] of [
    [1000, 5000],
    [3500, 0],
    [3000, 4999],
  ] as const) {
    lease.granted(sent, ms);
    t.equal(lease.until, 8000, `${sent} ${ms}`);
  }
});

t.test('the clock of the machine is in milliseconds and never goes back', async (t) => {
  const times = Array.from({ length: 100 }, machineTime);
  t.strictSame(
    times,
    [...times].sort((a, b) => a - b),
  );
  const hr = Number(process.hrtime.bigint()) / 1e6;
  t.ok(Math.abs(machineTime() - hr) < 1000, 'the same in every process');
});
