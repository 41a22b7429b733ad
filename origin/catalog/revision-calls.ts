import type { Digest } from '../../shared/content/digest.ts';
import type { Revision } from '../../shared/wire/api.ts';

export interface RevisionRow extends Revision {
  readonly root: Digest;
}

/** Reads revisions that are not pruned, including pending and aborted ones. One may be pruned between two calls. */
export interface RevisionReads {
  /** Up to `limit` revisions before `before`, newest first. Fewer when the revisions are large. */
  revisions(site: number, limit: number, before?: number): RevisionRow[];
  /** Throws `no-such-revision`. */
  revision(site: number, revision: number): RevisionRow;
  /**
   * The newest formerly live revision whose content differs from that of the live revision. Undefined when there is
   * none.
   */
  formerlyLive(site: number): RevisionRow | undefined;
}

/** Tells how far behind an edge is that shows an older revision. */
export interface LagReads {
  /** The total size of the files that are new or changed between one revision and another. */
  diffBytes(site: number, from: number, to: number): number;
  /** The number of later revisions that have been live, and the time at which the first of them became live. */
  behind(site: number, revision: number): { revisions: number; since: number | undefined };
}
