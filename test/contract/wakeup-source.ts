import t, { type Test } from 'tap';
import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';

/** Longer than any test: only a wake or an abort can end such a wait. */
const LONG = 3_600_000;
const never = new AbortController().signal;

interface WokenSource {
  readonly source: WakeupSource;
  /** Of any process that has a part in it; resolves when the source has heard of it. */
  wake(): Promise<void>;
}

/** What every source of wake-ups must do. */
export function wakeupSourceContract(name: string, place: (t: Test) => Promise<WokenSource>): void {
  const suite = (title: string, run: (t: Test, woken: WokenSource) => Promise<void>) =>
    t.test(`${name}: ${title}`, async (t) => run(t, await place(t)));

  suite('wakes all that wait', async (_t, { source, wake }) => {
    const waits = [source.wait(LONG, never), source.wait(LONG, never)];
    await wake();
    await Promise.all(waits);
  });

  suite('calls back at each wake-up, before those who wait', async (t, { source, wake }) => {
    const order: string[] = [];
    source.always(() => order.push('always'));
    const waiting = source.wait(LONG, never).then(() => order.push('waiter'));
    await wake();
    await waiting;
    await wake();
    t.strictSame(order, ['always', 'waiter', 'always']);
  });

  suite('a wake before the wait does not count', async (t, { source, wake }) => {
    const stop = new AbortController();
    await wake();
    let resumed = false;
    const waiting = source.wait(LONG, stop.signal).then(() => {
      resumed = true;
    });
    await new Promise(setImmediate);
    t.equal(resumed, false);
    stop.abort();
    await waiting;
  });

  suite('a wait taken before a read is woken by what comes after it', async (_t, { source, wake }) => {
    const woken = source.wait(LONG, never);
    await new Promise(setImmediate);
    await wake();
    await woken;
  });

  suite('one that is resumed and waits again is not woken by the same wake', async (t, { source, wake }) => {
    const stop = new AbortController();
    let rounds = 0;
    const loop = (async () => {
      while (!stop.signal.aborted) {
        await source.wait(LONG, stop.signal);
        rounds++;
      }
    })();
    await wake();
    await new Promise(setImmediate);
    t.equal(rounds, 1);
    await wake();
    await new Promise(setImmediate);
    t.equal(rounds, 2);
    stop.abort();
    await loop;
  });

  suite('a wait ends after its time', async (_t, { source }) => {
    await source.wait(0, never);
  });

  suite('a wait ends when the signal aborts, before it or during it', async (_t, { source }) => {
    await source.wait(LONG, AbortSignal.abort());
    const stop = new AbortController();
    const waiting = source.wait(LONG, stop.signal);
    stop.abort();
    await waiting;
  });

  suite('an abort ends no wait with another signal', async (t, { source, wake }) => {
    const stop = new AbortController();
    let resumed = false;
    const aborted = source.wait(LONG, stop.signal);
    const other = source.wait(LONG, never).then(() => {
      resumed = true;
    });
    stop.abort();
    await aborted;
    await new Promise(setImmediate);
    t.equal(resumed, false);
    await wake();
    await other;
  });
}
