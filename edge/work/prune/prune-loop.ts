import type { Logger } from 'pino';
import type { Clock } from '../../../shared/clock.ts';

const EVERY_MS = 10 * 60_000;

/** Prunes at intervals until the signal aborts. */
export async function pruneAlways(
  prune: () => Promise<unknown>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(EVERY_MS, signal).catch(() => {});
    if (signal.aborted) return;
    await prune().catch((error) => {
      if (!signal.aborted) log.warn({ err: error }, 'pruning failed');
    });
  }
}
