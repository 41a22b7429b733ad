import type { Gate } from '../../../shared/concurrency/gate.ts';
import type { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import { KEPT_LOG } from '../../../shared/log/kept-log.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';
import type { PruneResult } from '../../../shared/work/prune.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import type { TellProgress } from '../executor/executor.ts';
import { keptRevisions } from './keep-plan.ts';

const ROWS_PER_STEP = 2000;
const REMOVED_AT_ONCE = 250;

export interface PruneParts {
  readonly catalog: EdgeCatalog;
  readonly store: ObjectStore;
  /**
   * Whoever looks what the store lacks passes it together, alone here: entries are staged before their objects
   * are looked for, so what is removed has no entry, or is found missing and fetched.
   */
  readonly gate: Gate;
  /** A deleted site's rows go when nobody stages any more. */
  readonly manifests: KeyedLock<number>;
  /** Resolves when revisions that are no more held are not served for missing assets any more. */
  readonly shown: () => Promise<void>;
}

/**
 * Drops what no kept revision needs. A revision first stops being offered to children and then loses its rows;
 * objects go last, so that whatever is still named by a row is there.
 */
export async function pruneSites(
  { catalog, store, gate, manifests, shown }: PruneParts,
  signal: AbortSignal,
  progress: TellProgress,
): Promise<PruneResult> {
  const removed = { objects: 0, bytes: 0 };
  await removeNoted();
  for (const site of await catalog.sites()) {
    signal.throwIfAborted();
    const held = await catalog.held(site.id);
    // What is being staged ends rows of the state below it: it is pruned when it has been revealed.
    if (site.staging !== null) continue;
    const kept = keptRevisions(site, held);
    const superseded = held.filter((revision) => !kept.includes(revision));
    await catalog.dropHeld(site.id, superseded);
    if (superseded.length > 0) await shown();
    await catalog.dropEnded(site.id);
    if (kept.length > 0) await dropRows(site.id, kept);
  }
  for (const site of await catalog.deletedSites()) {
    await manifests.run(site, async () => {
      await dropRows(site, []);
      if (!signal.aborted) await catalog.forgetSite(site);
    });
  }
  signal.throwIfAborted();
  // For children that are behind.
  await catalog.pruneRecords(KEPT_LOG);
  return removed;

  async function dropRows(site: number, kept: readonly number[]): Promise<void> {
    for (let more = true; more && !signal.aborted; ) {
      more = (await catalog.prune(site, kept, ROWS_PER_STEP)).more;
      await removeNoted();
    }
  }

  async function removeNoted(): Promise<void> {
    for (let left = true; left && !signal.aborted; ) {
      left = await gate.alone(async () => {
        const noted = await catalog.removals(REMOVED_AT_ONCE);
        const sizes = await Promise.all(noted.map((digest) => store.size(digest)));
        if (noted.length > 0) await store.remove(noted);
        await catalog.removed(noted);
        // A lazy edge may never have held some of them.
        for (const size of sizes.filter((size) => size !== undefined)) {
          removed.objects++;
          removed.bytes += size;
        }
        return noted.length === REMOVED_AT_ONCE;
      });
      progress({ ...removed });
    }
  }
}
