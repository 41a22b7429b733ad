import t from 'tap';
import { clockFault } from '../../../../shared/log/clock-fault.ts';

t.test('what is said of a clock', async (t) => {
  const table: [seconds: number, said: string | undefined][] = [
    [0, undefined],
    [5, undefined],
    [-5, undefined],
    [6, 'the clock is 6 s ahead'],
    [-6.4, 'the clock is 6 s behind'],
    [-120, 'the clock is 2 min 0 s behind'],
    [59.6, 'the clock is 1 min 0 s ahead'],
    [3661, 'the clock is 1 h 1 min ahead'],
    [-172_800, 'the clock is 2 d 0 h behind'],
    [31_536_000, 'the clock is 365 d 0 h ahead'],
  ];
  for (const [seconds, said] of table) t.equal(clockFault(seconds * 1000), said, `${seconds} s`);
});
