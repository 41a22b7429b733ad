import type { ContentPath } from '../content-path.ts';
import type { Change } from '../diff.ts';
import type { Digest } from '../digest.ts';
import type { Entry } from '../entry.ts';

/**
 * Writes the state of a future revision while other states are served. Its number is higher than that of every revealed
 * revision, so readers of revealed revisions do not see rows that begin or end at it, and `unstage` removes these rows
 * after a crash. Each call is one short transaction. The owner reveals the revision by changing a row of its own; that
 * transaction makes all earlier calls durable.
 */
export interface Staging {
  /** Applies changes to the staged state. A later change of a path replaces an earlier one. */
  stage(site: number, revision: number, changes: readonly Change[]): void;
  /** The entry of a path in the staged state. */
  staged(site: number, path: ContentPath): Entry | undefined;
  /**
   * Computes the digests of up to `limit` changed leaves after leaf `after` (-1 to begin). Returns the last leaf, or
   * undefined when none is left.
   */
  sealLeaves(site: number, revision: number, after: number, limit: number): number | undefined;
  /** Computes the digests of these leaves, changed or not, after a comparison found that they differ. */
  resealLeaves(site: number, revision: number, leaves: readonly number[]): void;
  /** Computes the digests of the nodes over sealed leaves, and returns the root over all nodes. */
  sealRoot(site: number, revision: number): Digest;
  /** Removes up to `limit` rows of an unrevealed revision. False when none is left. */
  unstage(site: number, revision: number, limit: number): boolean;
}
