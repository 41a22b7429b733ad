import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';

export interface FastClock extends Clock {
  /** Sets the time of day forward. It wakes no sleeper. */
  skip(ms: number): void;
}

/** How often the clock is read at least, and the longest time between two readings that counts. */
const READ_EVERY_MS = 5;
const MOST_BETWEEN_MS = 20;

/**
 * Makes the time of this process run faster until it is disposed of: the clock, and everything that waits with the
 * global `setTimeout`. Backoffs, heartbeats and time-outs keep their proportions, so a test that needs many of them
 * ends soon. The clock stands still while other processes keep this one from running. Otherwise everybody in it would
 * have been silent for minutes when it goes on, and what is late would be a matter of the machine's load.
 */
export function fastTime(factor: number): { readonly clock: FastClock } & Disposable {
  const real = globalThis.setTimeout;
  const began = { day: Date.now(), monotonic: performance.now() };
  let read = began.monotonic;
  let elapsedMs = 0;
  const elapsed = () => {
    const now = performance.now();
    elapsedMs += Math.min(now - read, MOST_BETWEEN_MS) * factor;
    read = now;
    return elapsedMs;
  };
  const reading = setInterval(elapsed, READ_EVERY_MS).unref();
  const faster = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
    real(run, ms / factor, ...args);
  globalThis.setTimeout = Object.assign(faster, real) as unknown as typeof real;
  let skipped = 0;
  return {
    clock: {
      now: () => Math.floor(began.day + elapsed() + skipped),
      monotonic: elapsed,
      async sleep(ms, signal) {
        await delay(ms / factor, undefined, { ref: false, ...(signal && { signal }) }).catch((error) => {
          signal?.throwIfAborted();
          throw error;
        });
      },
      skip(ms) {
        skipped += ms;
      },
    },
    [Symbol.dispose]() {
      clearInterval(reading);
      globalThis.setTimeout = real;
    },
  };
}
