import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';

export interface FastClock extends Clock {
  /** Sets the time of day forward. It wakes no sleeper. */
  skip(ms: number): void;
}

/**
 * Makes the time of this process run faster until it is disposed of: the clock, and everything that waits with the
 * global `setTimeout`. Backoffs, heartbeats and time-outs keep their proportions, so a test that needs many of them
 * ends soon.
 */
export function fastTime(factor: number): { readonly clock: FastClock } & Disposable {
  const real = globalThis.setTimeout;
  const began = { day: Date.now(), monotonic: performance.now() };
  const elapsed = () => (performance.now() - began.monotonic) * factor;
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
      globalThis.setTimeout = real;
    },
  };
}
