import t from 'tap';
import { pace } from '../../../../shared/store/pace.ts';
import { jumpingClock } from '../../edge/jumping-clock.ts';

t.test('it rests as long as the work took', async (t) => {
  const clock = jumpingClock();
  const rest = pace(clock, new AbortController().signal);
  for (const [worked, rests] of [
    [19, []],
    [1, [20]],
    [19, [20]],
    [100, [20, 119]],
    [5000, [20, 119, 250]],
    [0, [20, 119, 250]],
  ] as const) {
    clock.advance(worked);
    await rest(1);
    t.strictSame(clock.slept, rests);
  }
});

t.test('a stop ends the rest, and is no fault of what is read', async (t) => {
  const clock = jumpingClock();
  const rest = pace(clock, AbortSignal.abort());
  clock.advance(1000);
  await t.resolves(rest(1));
});
