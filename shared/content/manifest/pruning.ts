import type { Digest } from '../digest.ts';

/** What goes, or would go, with the rows of revisions that are not kept. */
export interface Reclaimed {
  /** Rows of entries and buckets. */
  readonly rows: number;
  /** Objects that entries named and that nothing names any more. Their chunk lists go with them, uncounted. */
  readonly objects: number;
  /** The sizes of those objects. */
  readonly bytes: number;
}

interface Pruned extends Reclaimed {
  /** Those objects and the chunk lists that no entry of any site names any more. */
  readonly digests: Digest[];
  /** False when no such row is left. */
  readonly more: boolean;
}

export interface Retained {
  readonly site: number;
  readonly keep: readonly number[];
}

/**
 * Deletes the rows that are valid in no kept revision. `keep` must name the newest revision that was revealed,
 * aborted or not: the next one is staged over its state, and what begins or ends above it belongs to a
 * revision to come, which is never touched. With nothing to keep, all rows of the site go. A kept revision's
 * manifest, root and diffs stay as they are.
 */
export interface Pruning {
  /** One short transaction: up to `limit` rows. */
  prune(site: number, keep: readonly number[], limit: number): Pruned;
  /** What pruning the site to its end would take; deletes nothing. */
  reclaimable(site: number, keep: readonly number[]): Reclaimed;
  /** The same for pruning sites one after another: an object that several drop counts where the last does. */
  forecast(sites: readonly Retained[]): Reclaimed[];
}
