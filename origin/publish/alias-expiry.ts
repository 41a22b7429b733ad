import type { Clock } from '../../shared/clock.ts';
import { hasCode } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { AliasReads } from '../catalog/alias-calls.ts';
import type { Committer } from './commit.ts';

const PAGE = 100;
/** The longest wait. It is limited because the clock may be set. */
const LONGEST_WAIT_MS = 60_000;
const AFTER_FAILURE_MS = 5000;

export interface ExpiryOptions {
  readonly catalog: Pick<Remote<AliasReads>, 'expiredAliases' | 'nextExpiry'>;
  readonly clock: Clock;
  readonly committer: Pick<Committer, 'deleteAlias' | 'aliased'>;
  readonly stopping: AbortSignal;
  readonly expired: (alias: { readonly siteName: string; readonly name: string }) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Removes aliases that have expired, until the origin stops. Edges stop to answer at the time of expiry by themselves.
 * They give up the revision when the record of the removal arrives.
 */
export async function removeExpiredAliases(options: ExpiryOptions): Promise<void> {
  const { clock, committer, stopping, failed } = options;
  while (!stopping.aborted) {
    const over = new AbortController();
    const either = AbortSignal.any([stopping, over.signal]);
    // The wait begins before the aliases are read, so an alias that is put afterwards ends it.
    const woken = committer.aliased.wait(LONGEST_WAIT_MS, either);
    let next = AFTER_FAILURE_MS;
    try {
      next = await removeExpired(options);
    } catch (error) {
      if (!stopping.aborted) failed(error);
    }
    await Promise.race([woken, clock.sleep(next, either).catch(() => {})]);
    over.abort();
  }
}

/** Removes what has expired. Returns the milliseconds until the next alias expires. */
async function removeExpired(options: ExpiryOptions): Promise<number> {
  const { catalog, clock, committer, stopping, expired } = options;
  let found: Awaited<ReturnType<typeof catalog.expiredAliases>>;
  do {
    stopping.throwIfAborted();
    found = await catalog.expiredAliases(clock.now(), PAGE);
    for (const alias of found) {
      try {
        await committer.deleteAlias(alias.site, alias.name);
        expired(alias);
      } catch (error) {
        // Somebody else has removed it, or the whole site.
        if (!hasCode(error, 'no-such-alias')) throw error;
      }
    }
  } while (found.length === PAGE);
  const next = (await catalog.nextExpiry()) ?? Number.POSITIVE_INFINITY;
  return Math.min(LONGEST_WAIT_MS, Math.max(1, next - clock.now()));
}
