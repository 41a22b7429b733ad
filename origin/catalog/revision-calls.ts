import type { Digest } from '../../shared/content/digest.ts';
import type { Revision } from '../../shared/wire/api.ts';

export interface RevisionRow extends Revision {
  readonly root: Digest;
}

/** Reads revisions that are not pruned, also pending and aborted ones. Retention may prune one between two calls. */
export interface RevisionReads {
  /** Up to `limit` revisions before `before`, newest first. Fewer when they have many bytes. */
  revisions(site: number, limit: number, before?: number): RevisionRow[];
  /** Throws `no-such-revision`. */
  revision(site: number, revision: number): RevisionRow;
  /**
   * The newest revision that was live before and whose content differs from that of the live one. Undefined when there
   * is none.
   */
  formerlyLive(site: number): RevisionRow | undefined;
}

/** Tells how far an edge that shows an older revision is behind. */
export interface LagReads {
  /** The sum of the sizes of the files that the diff from one revision to another puts. */
  diffBytes(site: number, from: number, to: number): number;
  /** The number of later revisions that have been live, and since when the first of them has been. */
  behind(site: number, revision: number): { revisions: number; since: number | undefined };
}
