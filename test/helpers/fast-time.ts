import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';

export interface FastClock extends Clock {
  /** Puts the time of day forward; what sleeps sleeps on. */
  skip(ms: number): void;
}

/**
 * Lets the time of this process run faster until it is disposed of: the clock, and all that waits by the global
 * `setTimeout`. Backoffs, heartbeats and time-outs keep their proportions, so that a test which needs many of them
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
