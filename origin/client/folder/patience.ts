import type { Clock } from '../../../shared/clock.ts';
import { backoffDelay } from '../../../shared/concurrency/retry.ts';
import { type ErrorCode, SkerryError } from '../../../shared/errors.ts';

const BACKOFF = { first: 500, most: 5000 };
/** The maximum length of one wait, even if the response asks for a longer one. */
const MOST_WAITED_MS = 3_600_000;
/** The maximum total of the waits of one command. */
const PATIENCE_MS = 30_000;

const REFUSED_FOR_NOW: ReadonlySet<number> = new Set([408, 429]);
/** Refusals that end a deploy: it has changed since it was begun. The next attempt creates another deploy. */
const DEPLOY_IS_OVER: ReadonlySet<ErrorCode> = new Set(['no-such-deploy', 'objects-missing']);

/** Whether a refusal is temporary: the same request, sent again from the beginning, may be accepted. */
export function isRefusedForNow(error: unknown): error is SkerryError {
  if (!(error instanceof SkerryError)) return false;
  return REFUSED_FOR_NOW.has(error.status) || DEPLOY_IS_OVER.has(error.code);
}

/** Milliseconds until the next attempt; the first attempt is number 0. Never less than the response asks for. */
export function waitAfter(error: unknown, attempt: number): number {
  const asked = error instanceof SkerryError ? error.details.retryAfter : undefined;
  const least = typeof asked === 'number' && asked > 0 ? asked * 1000 : 0;
  return Math.min(MOST_WAITED_MS, least + backoffDelay(attempt, BACKOFF));
}

/** Runs work, and may repeat it. */
export type Patience = <T>(work: () => Promise<T>) => Promise<T>;

export const impatient: Patience = (work) => work();

/**
 * Repeats work that is temporarily refused. Throws the refusal when the waits would add up to more than half a minute.
 * `waits` is called before each wait.
 */
export function patience({
  clock,
  signal,
  waits,
}: {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
  readonly waits: (refusal: SkerryError, ms: number) => void;
}): Patience {
  let left = PATIENCE_MS;
  return async (work) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isRefusedForNow(error)) throw error;
        const wait = waitAfter(error, attempt);
        if (wait > left) throw error;
        left -= wait;
        waits(error, wait);
        await clock.sleep(wait, signal);
      }
    }
  };
}
