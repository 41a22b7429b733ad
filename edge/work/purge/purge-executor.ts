import type { Logger } from 'pino';
import type { Digest } from '../../../shared/content/digest.ts';
import { damagedObjects } from '../../../shared/store/damaged-objects.ts';
import { purgeKind } from '../../../shared/work/purge.ts';
import type { LazyStorage } from '../../disk-budget/lazy-storage.ts';
import { type Executor, executor } from '../executor/executor.ts';
import { verifyReplica } from '../verify/verify.ts';
import type { VerifyWork } from '../verify/verify-executor.ts';
import { applyPurges, type PurgeParts } from './apply-purges.ts';

export interface PurgeWork extends VerifyWork, Pick<PurgeParts, 'shown'> {
  readonly readers: { forget(digests: readonly Digest[] | 'all'): void };
  readonly lazy: Pick<LazyStorage, 'dropPurged'> | undefined;
  /** Signs, keeps and reports the receipts of purges. */
  readonly purged: PurgeParts['done'];
  readonly log: Logger;
}

export function purgeExecutor(parts: PurgeWork): Executor {
  return executor(purgeKind, async (_args, { signal, progress }) => {
    const sums = { purges: 0, matched: 0 };
    const done: PurgeParts['done'] = async (site, purges) => {
      await parts.purged(site, purges);
      sums.purges += purges.length;
      for (const { matched } of purges) sums.matched += matched;
      progress({ objects: sums.matched });
    };
    await applyPurges(purgeParts(parts, done, signal), signal);
    signal.throwIfAborted();
    return sums;
  });
}

function purgeParts(parts: PurgeWork, done: PurgeParts['done'], signal: AbortSignal): PurgeParts {
  const { catalog, store, readers, shown, lazy, log } = parts;
  return {
    ...{ catalog, store, shown, done, log },
    forget: (digests) => readers.forget(digests),
    async damaged(entries) {
      const found = await damagedObjects(store, entries, signal);
      // A lazy edge does not hold all of these objects.
      const gone = new Set(lazy && (await store.missing(found.map(({ digest }) => digest))));
      return found.filter(({ digest }) => !gone.has(digest));
    },
    drop: lazy && ((site, target, matches) => lazy.dropPurged(site, target, matches, signal)),
    // This verification is a part of the purge run, not a run of its own. The edge does not log it, and the signal of
    // the purge stops it.
    repair: () =>
      verifyReplica(
        { ...parts, source: parts.source() },
        { repair: true, others: true },
        { signal, progress: () => {} },
      ),
  };
}
