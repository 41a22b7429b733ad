import type { Clock } from '../../../shared/clock.ts';
import { backoffDelay } from '../../../shared/concurrency/retry.ts';
import { type ErrorCode, SkerryError } from '../../../shared/errors.ts';

const BACKOFF = { first: 500, most: 5000 };
/** No answer is waited on for longer. */
const MOST_WAITED_MS = 3_600_000;
/** Of all the waits together in which a command shows patience. */
const PATIENCE_MS = 30_000;

const REFUSED_FOR_NOW: ReadonlySet<number> = new Set([408, 429]);
/** The deploy is not what it was when it was begun; the next one is another. */
const DEPLOY_IS_OVER: ReadonlySet<ErrorCode> = new Set(['no-such-deploy', 'objects-missing']);

/** A refusal that says nothing against what was sent: the same, sent again from the beginning, may well be taken. */
export function isRefusedForNow(error: unknown): error is SkerryError {
  if (!(error instanceof SkerryError)) return false;
  return REFUSED_FOR_NOW.has(error.status) || DEPLOY_IS_OVER.has(error.code);
}

/** Milliseconds until the next try, the first one being 0: never less than the answer asks for. */
export function waitAfter(error: unknown, attempt: number): number {
  const asked = error instanceof SkerryError ? error.details.retryAfter : undefined;
  const least = typeof asked === 'number' && asked > 0 ? asked * 1000 : 0;
  return Math.min(MOST_WAITED_MS, least + backoffDelay(attempt, BACKOFF));
}

/** Runs work, perhaps again and again. */
export type Patience = <T>(work: () => Promise<T>) => Promise<T>;

export const impatient: Patience = (work) => work();

/**
 * Repeats work that is refused for now, until its waits would add up to more than half a minute; then the refusal is
 * thrown. `waits` is told each wait before it begins.
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
