import type { Clock } from '../clock.ts';

export interface Backoff {
  /** Milliseconds before the first repetition. */
  readonly first: number;
  /** The longest wait, in milliseconds. */
  readonly most: number;
}

/**
 * Full jitter: draws the wait evenly between 0 and a bound that doubles with each attempt, so that edges that lost
 * their connections to the origin at the same instant do not reconnect at the same instant. `random` returns a number
 * in [0, 1).
 */
export function backoffDelay(attempt: number, backoff: Backoff, random: () => number = Math.random): number {
  return random() * Math.min(backoff.most, backoff.first * 2 ** Math.min(attempt, 30));
}

/** A wait that takes the place of the backoff. */
export interface Wait {
  readonly ms: number;
  /** Ends the wait early. */
  readonly until?: AbortSignal;
}

/**
 * Repeats `run` until the signal aborts. `run` calls `progressed` when it has made progress, which resets the backoff.
 * `onError` may return a wait instead of the backoff.
 */
export async function forever(
  run: (progressed: () => void) => Promise<void>,
  options: {
    backoff: Backoff;
    clock: Clock;
    signal: AbortSignal;
    onError: (error: unknown) => Wait | undefined;
  },
): Promise<void> {
  let attempt = 0;
  while (!options.signal.aborted) {
    let wait: Wait | undefined;
    try {
      await run(() => {
        attempt = 0;
      });
    } catch (error) {
      if (options.signal.aborted) return;
      wait = options.onError(error);
    }
    const { ms, until } = wait ?? { ms: backoffDelay(attempt++, options.backoff) };
    const signal = until === undefined ? options.signal : AbortSignal.any([options.signal, until]);
    try {
      await options.clock.sleep(ms, signal);
    } catch {
      if (!until?.aborted) return;
    }
  }
}
