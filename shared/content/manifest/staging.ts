import type { ContentPath } from '../content-path.ts';
import type { Change } from '../diff.ts';
import type { Digest } from '../digest.ts';
import type { Entry } from '../entry.ts';

/**
 * Writes the state of a coming revision beside the states that are served. Its number is above every one that
 * was revealed, so rows that begin or end there are invisible to readers of the others, and after a crash
 * `unstage` takes them back. Each call is one short transaction, made durable by the one that reveals the revision:
 * its owner's row.
 */
export interface Staging {
  /** Applies changes on top of what is staged so far; a later change of a path replaces an earlier one. */
  stage(site: number, revision: number, changes: readonly Change[]): void;
  /** The newest entry of a path as staged so far. */
  staged(site: number, path: ContentPath): Entry | undefined;
  /** Digests of up to `limit` changed leaves after leaf `after` (-1 to begin); undefined when none is left. */
  sealLeaves(site: number, revision: number, after: number, limit: number): number | undefined;
  /** Digests of these leaves, changed or not: after a comparison found that they differ. */
  resealLeaves(site: number, revision: number, leaves: readonly number[]): void;
  /** Digests of the nodes over sealed leaves, and the root over all. */
  sealRoot(site: number, revision: number): Digest;
  /** Takes back up to `limit` rows of an unrevealed revision; false when none is left. */
  unstage(site: number, revision: number, limit: number): boolean;
}
