import type { Digest } from '../../shared/content/digest.ts';
import type { Revision } from '../../shared/wire/api.ts';

export interface RevisionRow extends Revision {
  readonly root: Digest;
}

/** Revisions that are not pruned, pending and aborted ones too. Retention may take one away between two calls. */
export interface RevisionReads {
  /** Newest first, those before a number if one is given: `limit` of them, or fewer when these have many bytes. */
  revisions(site: number, limit: number, before?: number): RevisionRow[];
  /** Throws `no-such-revision`. */
  revision(site: number, revision: number): RevisionRow;
  /** The newest revision that was live once and whose content is not what is live now; undefined when there is none. */
  formerlyLive(site: number): RevisionRow | undefined;
}

/** How far an edge that shows an older revision is behind. */
export interface LagReads {
  /** Bytes of the objects that lead from one revision to another. */
  diffBytes(site: number, from: number, to: number): number;
  /** The revisions after this one that have been live, and when the first of them came to be. */
  behind(site: number, revision: number): { revisions: number; since: number | undefined };
}
