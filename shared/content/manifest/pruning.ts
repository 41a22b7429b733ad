import type { Digest } from '../digest.ts';

/** Counts the rows, objects and bytes that pruning the revisions that are not kept removes, or would remove. */
export interface Reclaimed {
  /** Rows of entries and buckets. */
  readonly rows: number;
  /** Objects whose last entry was removed. Their chunk lists are removed with them and are not counted. */
  readonly objects: number;
  /** The sizes of those objects. */
  readonly bytes: number;
}

interface Pruned extends Reclaimed {
  /** The digests of those objects, and of the chunk lists that no entry of any site names any more. */
  readonly digests: Digest[];
  /** False when no such row is left. */
  readonly more: boolean;
}

export interface Retained {
  readonly site: number;
  readonly keep: readonly number[];
}

/**
 * Deletes the rows that are valid in no kept revision. `keep` must name the newest revision that was revealed, even if
 * it was aborted: the next one is staged on its state, and rows that begin or end above it belong to a future revision
 * and are never touched. When `keep` is empty, all rows of the site are deleted. The manifest, the root and the diffs
 * of a kept revision stay as they are.
 */
export interface Pruning {
  /** Deletes up to `limit` rows in one short transaction. */
  prune(site: number, keep: readonly number[], limit: number): Pruned;
  /** Counts what pruning the site completely would remove. Deletes nothing. */
  reclaimable(site: number, keep: readonly number[]): Reclaimed;
  /**
   * Counts the same for sites that are pruned one after another. An object that several sites share counts for the last
   * of them.
   */
  forecast(sites: readonly Retained[]): Reclaimed[];
}
