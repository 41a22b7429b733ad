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
   * Code that looks for missing objects shares this gate, and pruning holds it exclusively. Entries are always staged
   * before their objects are looked up. So if an object was removed, either no entry names it, or a later look-up finds
   * that it is missing, and it is fetched.
   */
  readonly gate: Gate;
  /**
   * The lock of a site's manifest. Pruning takes it, so that it never deletes rows of a deleted site while a revision
   * of that site is being staged.
   */
  readonly manifests: KeyedLock<number>;
  /** Resolves when no serving process serves assets of revisions that are no longer held. */
  readonly shown: () => Promise<void>;
  /** Lets pruning remove the objects that were fetched ahead of a revision that never came. */
  readonly releaseAhead: (signal: AbortSignal) => Promise<void>;
}

/**
 * Deletes everything that no kept revision needs. First, the edge stops offering a revision to its children. Then it
 * deletes the rows, and finally the objects, so an object is never deleted while a row names it.
 */
export async function pruneSites(
  { catalog, store, gate, manifests, shown, releaseAhead }: PruneParts,
  signal: AbortSignal,
  progress: TellProgress,
): Promise<PruneResult> {
  const removed = { objects: 0, bytes: 0 };
  await releaseAhead(signal);
  await removeNoted();
  for (const site of await catalog.sites()) {
    signal.throwIfAborted();
    const held = await catalog.held(site.id);
    // A staged revision ends rows of the previous revision. The site is pruned after the staged revision has become
    // active.
    if (site.staging !== null) continue;
    const kept = keptRevisions(site, held);
    const superseded = held.filter((revision) => !kept.includes(revision));
    await catalog.dropHeld(site.id, superseded);
    const unnamed = site.kept.map(({ revision }) => revision).filter((revision) => !kept.includes(revision));
    await catalog.dropKept(site.id, unnamed);
    if (superseded.length + unnamed.length > 0) await shown();
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
  // Children that are behind may need the records that this call keeps.
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
        // A lazy edge may never have held some of these objects.
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
