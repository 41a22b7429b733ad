import t from 'tap';
import type { Clock } from '../../../../shared/clock.ts';
import { backoffDelay, forever } from '../../../../shared/concurrency/retry.ts';

const backoff = { first: 200, most: 10_000 };

t.test('the bound doubles up to the most', async (t) => {
  const bounds = [0, 1, 2, 5, 6, 100, 5000].map((attempt) => backoffDelay(attempt, backoff, () => 0.5) * 2);
  t.same(bounds, [200, 400, 800, 6400, 10_000, 10_000, 10_000]);
});

t.test('the wait is drawn from nothing up to the bound', async (t) => {
  t.equal(
    backoffDelay(3, backoff, () => 0),
    0,
  );
  t.equal(
    backoffDelay(0, backoff, () => 0.25),
    50,
  );
  t.ok(backoffDelay(0, backoff, () => 0.999_999) < 200);
  for (let i = 0; i < 100; i++) {
    const delay = backoffDelay(0, backoff);
    t.ok(delay >= 0 && delay < 200);
  }
});

/** A clock whose sleeps end at once, and which is stopped after some of them. */
function stoppedAfter(sleeps: number) {
  const stop = new AbortController();
  const slept: number[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    async sleep(ms, signal) {
      slept.push(ms);
      if (slept.length >= sleeps) stop.abort(new Error('stopped'));
      signal?.throwIfAborted();
    },
  };
  return { clock, slept, stop };
}

t.test('repeats after failures and after ends, until the signal aborts', async (t) => {
  const { clock, slept, stop } = stoppedAfter(4);
  const errors: unknown[] = [];
  let runs = 0;
  await forever(
    async () => {
      runs++;
      if (runs % 2 === 1) throw new Error(`run ${runs}`);
    },
    { backoff, clock, signal: stop.signal, onError: (error) => void errors.push(error) },
  );
  t.equal(runs, 4);
  t.match(errors, [{ message: 'run 1' }, { message: 'run 3' }]);
  slept.forEach((ms, attempt) => {
    t.ok(ms >= 0 && ms < 200 * 2 ** attempt, `wait ${attempt} is ${ms}`);
  });
});

t.test('an error may say how long to wait', async (t) => {
  const { clock, slept, stop } = stoppedAfter(3);
  const run = () => Promise.reject(new Error('later'));
  await forever(run, { backoff, clock, signal: stop.signal, onError: () => ({ ms: 7000 }) });
  t.strictSame(slept, [7000, 7000, 7000]);
});

t.test('the wait that an error asks for may end early, and then the next run begins', async (t) => {
  const stop = new AbortController();
  const early = new AbortController();
  const clock = {
    ...{ now: () => 0, monotonic: () => 0 },
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  };
  let runs = 0;
  const run = async () => {
    runs++;
    if (runs === 2) stop.abort();
    else setImmediate(() => early.abort());
    throw new Error('later');
  };
  const onError = () => ({ ms: 7000, until: early.signal });
  await forever(run, { backoff, clock, signal: stop.signal, onError });
  t.equal(runs, 2);
});

t.test('a run that progressed begins the backoff anew', async (t) => {
  const { clock, slept, stop } = stoppedAfter(50);
  await forever(
    async (progressed) => {
      progressed();
      throw new Error('broke off');
    },
    { backoff, clock, signal: stop.signal, onError: () => {} },
  );
  t.equal(slept.length, 50);
  t.ok(slept.every((ms) => ms < 200));
});

t.test('does not run at all once the signal has aborted', async (t) => {
  let runs = 0;
  const run = async () => {
    runs++;
  };
  const { clock } = stoppedAfter(1);
  await forever(run, { backoff, clock, signal: AbortSignal.abort(), onError: () => {} });
  t.equal(runs, 0);
});

t.test('a failure that comes with the abort is no error', async (t) => {
  const { clock, slept, stop } = stoppedAfter(1);
  const errors: unknown[] = [];
  await forever(
    async () => {
      stop.abort();
      throw new Error('aborted');
    },
    { backoff, clock, signal: stop.signal, onError: (error) => void errors.push(error) },
  );
  t.same(errors, []);
  t.same(slept, []);
});
