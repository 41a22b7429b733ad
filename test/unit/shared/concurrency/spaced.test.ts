import t from 'tap';
import { spaced } from '../../../../shared/concurrency/spaced.ts';

t.test('the first request acts at once, later ones together', async (t) => {
  const acts: number[] = [];
  let asked = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const ask = spaced(() => {
    acts.push(asked);
    if (acts.length === 2) resolve();
  }, 20);
  for (asked = 1; asked <= 3; asked++) ask();
  t.strictSame(acts, [1]);
  const alive = setInterval(() => {}, 1000);
  await promise;
  clearInterval(alive);
  t.strictSame(acts, [1, 4], 'the last request is followed by a call');
});
