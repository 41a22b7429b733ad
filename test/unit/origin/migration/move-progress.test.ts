import t from 'tap';
import { moveProgress } from '../../../../origin/migration/move-progress.ts';

const all = { objects: 10, bytes: 1000 };

t.test('the rest takes as long as what has moved', async (t) => {
  t.strictSame(moveProgress({ objects: 4, bytes: 250 }, all, 5000), {
    ...{ objects: 4, bytes: 250, left: { objects: 6, bytes: 750 } },
    ...{ bytesPerSecond: 50, secondsLeft: 15 },
  });
});

t.test('nothing is known at the begin', async (t) => {
  const nothing = { objects: 0, bytes: 0 };
  const expected = { ...nothing, left: all, bytesPerSecond: 0, secondsLeft: null };
  t.strictSame(moveProgress(nothing, all, 0), expected);
  t.strictSame(moveProgress(nothing, all, 700), expected);
});

t.test('uploads since the begin do not make the rest negative', async (t) => {
  const { left, secondsLeft } = moveProgress({ objects: 12, bytes: 1200 }, all, 1000);
  t.strictSame({ left, secondsLeft }, { left: { objects: 0, bytes: 0 }, secondsLeft: 0 });
});
