import type { Clock } from '../clock.ts';

export interface Backoff {
  /** Milliseconds before the first repetition. */
  readonly first: number;
  /** Milliseconds that no wait exceeds. */
  readonly most: number;
}

/**
 * Full jitter: a wait drawn evenly from 0 to the doubled bound, so that edges that lost one origin at one
 * instant do not return at one instant. `random` gives [0, 1).
 */
export function backoffDelay(attempt: number, backoff: Backoff, random: () => number = Math.random): number {
  return random() * Math.min(backoff.most, backoff.first * 2 ** Math.min(attempt, 30));
}

/** Repeats `run` for ever until the signal aborts. A run tells by `progressed` that it got somewhere. */
export async function forever(
  run: (progressed: () => void) => Promise<void>,
  options: { backoff: Backoff; clock: Clock; signal: AbortSignal; onError: (error: unknown) => void },
): Promise<void> {
  let attempt = 0;
  while (!options.signal.aborted) {
    try {
      await run(() => {
        attempt = 0;
      });
    } catch (error) {
      if (options.signal.aborted) return;
      options.onError(error);
    }
    try {
      await options.clock.sleep(backoffDelay(attempt++, options.backoff), options.signal);
    } catch {
      return;
    }
  }
}
