import t from 'tap';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';

/** Longer than any test: only a wake or an abort can end such a wait. */
const LONG = 3_600_000;
const never = new AbortController().signal;

t.test('wakes all that wait', async () => {
  const wakeup = new Wakeup();
  const waits = [wakeup.wait(LONG, never), wakeup.wait(LONG, never)];
  wakeup.wake();
  await Promise.all(waits);
});

t.test('a wake before the wait does not count', async (t) => {
  const wakeup = new Wakeup();
  const stop = new AbortController();
  wakeup.wake();
  let resumed = false;
  const waiting = wakeup.wait(LONG, stop.signal).then(() => {
    resumed = true;
  });
  await new Promise(setImmediate);
  t.equal(resumed, false);
  stop.abort();
  await waiting;
});

t.test('a wait taken before a read is woken by what comes after it', async () => {
  const wakeup = new Wakeup();
  const woken = wakeup.wait(LONG, never);
  await new Promise(setImmediate);
  wakeup.wake();
  await woken;
});

t.test('one that is resumed and waits again is not woken by the same wake', async (t) => {
  const wakeup = new Wakeup();
  const stop = new AbortController();
  let rounds = 0;
  const loop = (async () => {
    while (!stop.signal.aborted) {
      await wakeup.wait(LONG, stop.signal);
      rounds++;
    }
  })();
  wakeup.wake();
  await new Promise(setImmediate);
  t.equal(rounds, 1);
  wakeup.wake();
  await new Promise(setImmediate);
  t.equal(rounds, 2);
  stop.abort();
  await loop;
});

t.test('a wait ends after its time', async () => {
  await new Wakeup().wait(0, never);
});

t.test('a wait ends when the signal aborts, before it or during it', async () => {
  const wakeup = new Wakeup();
  await wakeup.wait(LONG, AbortSignal.abort());
  const stop = new AbortController();
  const waiting = wakeup.wait(LONG, stop.signal);
  stop.abort();
  await waiting;
});

t.test('an abort ends no wait with another signal', async (t) => {
  const wakeup = new Wakeup();
  const stop = new AbortController();
  let resumed = false;
  const aborted = wakeup.wait(LONG, stop.signal);
  const other = wakeup.wait(LONG, never).then(() => {
    resumed = true;
  });
  stop.abort();
  await aborted;
  await new Promise(setImmediate);
  t.equal(resumed, false);
  wakeup.wake();
  await other;
});
