import type { Logger } from 'pino';
import type { Clock } from '../../../shared/clock.ts';
import { backoffDelay } from '../../../shared/concurrency/retry.ts';
import type { Wakeup } from '../../../shared/concurrency/wakeup.ts';

const BACKOFF = { first: 1000, most: 60_000 };
const LOOK_AGAIN_MS = 60_000;

/** Carries out purges when they arrive, and repeats failed ones, until the signal aborts. */
export async function carryOutPurges(
  purge: () => Promise<unknown>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  changed: Wakeup,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const woken = changed.wait(LOOK_AGAIN_MS, signal);
    try {
      await purge();
      failures = 0;
      await woken;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error }, 'purges failed; the edge tries again');
      await clock.sleep(backoffDelay(failures++, BACKOFF), signal).catch(() => {});
    }
  }
}
