import t from 'tap';
import { KeyedLock } from '../../../../shared/concurrency/keyed-lock.ts';

// What every lock of sites must do, this one does: test/contract/site-lock.ts.

t.test('a key whose work has ended is free at once', async (t) => {
  const lock = new KeyedLock<string>();
  await lock.run('k', async () => {});
  let ran = false;
  const again = lock.run('k', async () => {
    ran = true;
  });
  t.equal(ran, true);
  await again;
});

t.test('work that comes while the last one ends still waits its turn', async (t) => {
  const lock = new KeyedLock<string>();
  let running = 0;
  let most = 0;
  const one = () =>
    lock.run('k', async () => {
      running++;
      most = Math.max(most, running);
      await Promise.resolve();
      running--;
    });
  await Promise.all(Array.from({ length: 20 }, () => one().then(one)));
  t.equal(most, 1);
});
