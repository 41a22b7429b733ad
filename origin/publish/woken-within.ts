import type { Clock } from '../../shared/clock.ts';
import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';

const FOR_EVER_MS = 2 ** 31 - 1;

/** Resolves at the next wake-up, after `ms` of the clock, or when the signal aborts. */
export async function wokenWithin(
  wakeup: WakeupSource,
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  try {
    await Promise.race([
      wakeup.wait(FOR_EVER_MS, either),
      clock.sleep(Math.min(FOR_EVER_MS, Math.max(0, ms)), either).catch(() => {}),
    ]);
  } finally {
    over.abort();
  }
}
