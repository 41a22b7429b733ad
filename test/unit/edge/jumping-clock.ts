import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.ts';

export interface JumpingClock extends Clock {
  advance(ms: number): void;
  /** What was slept, in order. */
  readonly slept: readonly number[];
}

/** Stands still but for those who sleep: who does wakes at once, later by what was slept. */
export function jumpingClock(now = 1_000_000): JumpingClock {
  let passed = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => now + passed,
    monotonic: () => passed,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      await turn();
      signal?.throwIfAborted();
      slept.push(ms);
      passed += ms;
    },
    advance(ms) {
      passed += ms;
    },
  };
}
