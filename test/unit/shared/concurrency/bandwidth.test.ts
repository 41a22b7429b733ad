import t from 'tap';
import type { Clock } from '../../../../shared/clock.ts';
import { Bandwidth, limited } from '../../../../shared/concurrency/bandwidth.ts';
import { collect, slices, streamOf } from '../streams.ts';

const never = new AbortController().signal;
/** Lets all promises settle that can. */
const settle = () => new Promise(setImmediate);

/** A clock that stands still until it is moved. Its sleepers wake `late` milliseconds after their time. */
function movedClock(late = 0) {
  let time = 5000;
  const sleepers = new Set<{ until: number; wake: () => void }>();
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const wake = () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const sleeper = { until: time + ms + late, wake };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },
  };
  /** Moves on, from sleeper to sleeper. */
  async function advance(ms: number) {
    const end = time + ms;
    for (;;) {
      await settle();
      const [first] = [...sleepers].filter(({ until }) => until <= end).sort((a, b) => a.until - b.until);
      if (first === undefined) break;
      time = Math.max(time, first.until);
      sleepers.delete(first);
      first.wake();
    }
    time = end;
  }
  return { clock, advance, elapsed: () => time - 5000, sleepers };
}

t.test('without a limit all passes at once', async (t) => {
  const { clock, sleepers } = movedClock();
  const free = new Bandwidth(undefined, clock);
  for (let i = 0; i < 10; i++) await free.take(2 ** 40, never);
  t.equal(sleepers.size, 0);
  await t.rejects(free.take(1, AbortSignal.abort(new Error('stop'))), { message: 'stop' });
});

t.test('a quarter second passes at once, the rest at the rate', async (t) => {
  const { clock, advance, elapsed } = movedClock();
  const bandwidth = new Bandwidth(1000, clock);
  t.equal(bandwidth.burst, 250);
  await bandwidth.take(250, never);
  const passed: number[] = [];
  const all = (async () => {
    for (let i = 0; i < 4; i++) {
      await bandwidth.take(100, never);
      passed.push(elapsed());
    }
  })();
  await advance(1000);
  await all;
  t.strictSame(passed, [100, 200, 300, 400]);
});

t.test('what is not used is forfeit beyond a burst', async (t) => {
  const { clock, advance, elapsed } = movedClock();
  const bandwidth = new Bandwidth(1000, clock);
  await bandwidth.take(250, never);
  await advance(60_000);
  await bandwidth.take(250, never);
  const more = bandwidth.take(50, never).then(elapsed);
  await advance(1000);
  t.equal(await more, 60_050);
});

t.test('more than a burst is paid for before it passes', async (t) => {
  const { clock, advance, elapsed } = movedClock();
  const bandwidth = new Bandwidth(1000, clock);
  const large = bandwidth.take(10_250, never).then(elapsed);
  const small = bandwidth.take(1, never).then(elapsed);
  await advance(20_000);
  t.equal(await large, 10_000);
  t.equal(await small, 10_001);
});

t.test('a wait that is longer than the longest timer is slept in parts', async (t) => {
  const { clock, advance, elapsed } = movedClock();
  const asked: number[] = [];
  const watched: Clock = {
    ...clock,
    sleep: (ms, signal) => {
      asked.push(ms);
      return clock.sleep(ms, signal);
    },
  };
  const slow = new Bandwidth(1, watched).take(5_000_000, never).then(elapsed);
  await advance(6_000_000_000);
  t.equal(await slow, 5_000_000_000 - 250);
  t.ok(asked.length > 2 && asked.every((ms) => ms < 2 ** 31));
});

t.test('sleeps that end late do not lower the rate', async (t) => {
  const { clock, advance, elapsed } = movedClock(7);
  const bandwidth = new Bandwidth(1000, clock);
  const all = (async () => {
    for (let i = 0; i < 1000; i++) await bandwidth.take(10, never);
    return elapsed();
  })();
  await advance(20_000);
  const end = await all;
  t.ok(end >= 9750 && end <= 9760, `10 000 bytes after ${end} ms`);
});

t.test('a clock in fractions of milliseconds keeps the rate', async (t) => {
  const { clock, advance, elapsed } = movedClock(0.3);
  const bandwidth = new Bandwidth(333_333, clock);
  const all = (async () => {
    for (let i = 0; i < 300; i++) await bandwidth.take(7777, never);
    return elapsed();
  })();
  await advance(20_000);
  const end = await all;
  const due = (300 * 7777) / 333.333 - 250;
  t.ok(end >= due - 0.001 && end < due + 2, `${end} ms for ${due}`);
});

t.test('callers pass in their turn', async (t) => {
  const { clock, advance } = movedClock();
  const bandwidth = new Bandwidth(1000, clock);
  const order: string[] = [];
  const transfer = async (name: string) => {
    for (let i = 0; i < 3; i++) {
      await bandwidth.take(200, never);
      order.push(name);
    }
  };
  const all = Promise.all(['a', 'b', 'c'].map(transfer));
  await advance(10_000);
  await all;
  t.equal(order.join(''), 'abcabcabc');
});

t.test('one that gives up in the queue costs nothing and lets nobody overtake', async (t) => {
  const { clock, advance, elapsed } = movedClock();
  const bandwidth = new Bandwidth(1000, clock);
  const stop = new AbortController();
  const first = bandwidth.take(1250, never).then(elapsed);
  const second = bandwidth.take(100_000, stop.signal);
  const third = bandwidth.take(100, never).then(elapsed);
  await advance(500);
  stop.abort(new Error('gave up'));
  await t.rejects(second, { message: 'gave up' });
  await advance(2000);
  t.equal(await first, 1000);
  t.equal(await third, 1100);
});

t.test('one that gives up while it is paid for costs nothing', async (t) => {
  const { clock, advance, elapsed, sleepers } = movedClock();
  const bandwidth = new Bandwidth(1000, clock);
  const stop = new AbortController();
  const large = bandwidth.take(100_000, stop.signal);
  const next = bandwidth.take(300, never).then(elapsed);
  await advance(2000);
  stop.abort(new Error('gave up'));
  await t.rejects(large, { message: 'gave up' });
  await advance(1000);
  t.equal(await next, 2050, 'a burst had come together, and no more');
  t.equal(sleepers.size, 0);
});

t.test('the whole queue gives up with one signal', async (t) => {
  const { clock, advance, sleepers } = movedClock();
  const bandwidth = new Bandwidth(1000, clock);
  const stop = new AbortController();
  const takes = Array.from({ length: 50 }, () => bandwidth.take(10_000, stop.signal));
  const results = Promise.allSettled(takes);
  await advance(100);
  stop.abort(new Error('stopped'));
  t.ok((await results).every(({ status }) => status === 'rejected'));
  t.equal(sleepers.size, 0);
  await bandwidth.take(100, never);
});

t.test('a stream passes whole, in parts no larger than a burst', async (t) => {
  const { clock, advance, elapsed } = movedClock();
  const bandwidth = new Bandwidth(1000, clock);
  const bytes = Buffer.from(Array.from({ length: 5250 }, (_, i) => i % 251));
  const pieces = [
    ...slices(bytes.subarray(0, 700), 70),
    new Uint8Array(0),
    new Uint8Array(bytes.subarray(700)),
  ];
  const reading = collect(limited(streamOf(pieces), bandwidth, never)).then((parts) => {
    t.equal(elapsed(), 5000);
    return parts;
  });
  await advance(10_000);
  const parts = await reading;
  t.ok(parts.every((part) => Buffer.isBuffer(part) && part.length <= 250));
  t.ok(Buffer.concat(parts).equals(bytes));
});

t.test('a stream without a limit passes in the pieces it came in', async (t) => {
  const { clock } = movedClock();
  const pieces = [Buffer.from('one'), Buffer.from('three')];
  const parts = await collect(limited(streamOf(pieces), new Bandwidth(undefined, clock), never));
  t.strictSame(parts.map(String), ['one', 'three']);
});

t.test('two streams share the rate evenly, whatever the size of their pieces', async (t) => {
  const { clock, advance } = movedClock();
  const bandwidth = new Bandwidth(1000, clock);
  const counts = [0, 0];
  const stop = new AbortController();
  const sources = [streamOf([new Uint8Array(100_000)]), streamOf(slices(new Uint8Array(100_000), 250))];
  const all = Promise.allSettled(
    sources.map(async (source, i) => {
      for await (const part of limited(source, bandwidth, stop.signal))
        counts[i] = (counts[i] ?? 0) + part.length;
    }),
  );
  await advance(20_000);
  t.strictSame(counts, [10_250, 10_000]);
  stop.abort(new Error('enough'));
  t.match(await all, [{ reason: { message: 'enough' } }, { reason: { message: 'enough' } }]);
});

t.test('nothing is pulled ahead, and an early end reaches the source', async (t) => {
  const { clock, advance } = movedClock();
  let pulled = 0;
  let ended = false;
  async function* source() {
    try {
      for (;;) {
        pulled++;
        yield new Uint8Array(250);
      }
    } finally {
      ended = true;
    }
  }
  const parts = limited(source(), new Bandwidth(1000, clock), never);
  await parts.next();
  t.equal(pulled, 1);
  const second = parts.next();
  await advance(100);
  t.equal(pulled, 2, 'the second piece waits for its turn');
  await advance(150);
  await second;
  await advance(5000);
  t.equal(pulled, 2, 'nobody asked for a third');
  await parts.return(undefined);
  t.ok(ended);
});

t.test('an abort ends the stream and its source', async (t) => {
  const { clock, advance } = movedClock();
  const stop = new AbortController();
  let ended = false;
  async function* source() {
    try {
      yield new Uint8Array(5000);
    } finally {
      ended = true;
    }
  }
  const reading = collect(limited(source(), new Bandwidth(1000, clock), stop.signal));
  await advance(1000);
  stop.abort(new Error('window closed'));
  await t.rejects(reading, { message: 'window closed' });
  t.ok(ended);
});
