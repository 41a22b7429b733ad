import type { Digest } from '../../shared/content/digest.ts';
import type { Reclaimed } from '../../shared/content/manifest/pruning.ts';
import type { Seq } from '../../shared/log/record.ts';
import type { SitePolicy } from '../../shared/site/site-policy.ts';

export interface RetainedSite {
  readonly id: number;
  readonly name: string;
  readonly deleted: boolean;
}

export interface KnownRevision {
  readonly revision: number;
  /** Of its commit, in milliseconds since 1970. */
  readonly time: number;
  readonly state: 'pending' | 'activated' | 'aborted';
  readonly pinned: boolean;
}

/** The revisions of a site that something stands on; 0 before the first. */
interface RevisionMarks {
  readonly live: number;
  /** The newest that was not aborted. */
  readonly tip: number;
  /** The highest number that was given out: what comes is staged over its state, aborted or not. */
  readonly newest: number;
}

export interface SiteHistory extends RevisionMarks {
  readonly deleted: boolean;
  readonly retention: SitePolicy['retention'];
  /** Ascending. */
  readonly revisions: readonly KnownRevision[];
}

/** Objects that went, or would go. */
export interface DroppedObjects {
  readonly objects: number;
  readonly bytes: number;
}

/** What is younger may belong to a publish that is under way, or be asked for again. In milliseconds since 1970. */
export interface AgeLimits {
  /** Objects uploaded before this time go unless something refers to them. */
  readonly uploadedBefore: number;
  /** Deploys opened before this time are given up unless they were committed. */
  readonly openedBefore: number;
  /** Deploys opened before this time are forgotten, with their answers. */
  readonly answeredBefore: number;
}

export interface GoingRevisions {
  readonly site: number;
  readonly revisions: readonly number[];
}

/** What would go with some revisions. */
export interface Forecast extends DroppedObjects {
  /** For each site that was asked about, in that order. */
  readonly sites: readonly Reclaimed[];
}

/*
 * How the catalog lets go of the past. What goes is decided by its callers. Each call is a short page that can be
 * repeated, and finds nothing more to do then: what a crash leaves undone, the next run does. A revision's row goes
 * before its entries, so what is half pruned is never found; bytes leave the store after the catalog has forgotten
 * them, by a list that outlives a crash.
 */

export interface PastReads {
  /** Deleted ones too, for their past goes as well; in the order in which they are pruned. */
  retainedSites(): RetainedSite[];
  /** All that the decision needs; undefined for a site that never was. */
  past(site: number): SiteHistory | undefined;
  /**
   * What letting go of these revisions would take, all of one moment; changes nothing. It reads beside the other calls,
   * for as long as it takes: it holds none of them up. Passes over revisions that are not there.
   */
  forecast(going: readonly GoingRevisions[], limits: AgeLimits): Forecast;
}

export interface PastCalls extends PastReads {
  /**
   * Drops these revisions with their receipts, all in one transaction, and gives those that went. It passes over what
   * is gone already, and over what something stands on: since they were chosen, one may have been pinned, or an abort
   * may have made it the tip. Of a deleted site all may go.
   */
  dropRevisions(site: number, revisions: readonly number[]): number[];
  /** Deletes rows of entries and buckets that belong to no revision any more. */
  dropEntries(site: number, limit: number): Reclaimed & { readonly more: boolean };
  /** Forgets deploys that nobody will commit, and the uploads of deleted sites; false when none is left. */
  dropLeftovers(limits: Pick<AgeLimits, 'openedBefore' | 'answeredBefore'>, limit: number): boolean;
  /**
   * A pinned revision is kept until it is unpinned. Repeating it changes nothing. Throws `no-such-revision`
   * and `too-many-pins`.
   */
  pin(site: number, revision: number, pinned: boolean): void;
}

/**
 * An object is referred to by entries that are stored, whatever their revision, and by the files of deploys. One that
 * was uploaded later than `uploadedBefore` counts as referred to. Its chunk list goes with it.
 */
export interface SweepCalls {
  /** Looks at `limit` objects after the cursor for such as nothing refers to; `next` is undefined at the end. */
  unreferenced(
    after: number,
    limit: number,
    uploadedBefore: number,
  ): { digests: Digest[]; next: number | undefined };
  /** Forgets those of the objects that nothing refers to now, and notes them, with their chunk lists, for removal. */
  dropObjects(digests: readonly Digest[], uploadedBefore: number): DroppedObjects;
  /** What was noted for removal and has not been uploaded again. Uploads must be held off until it is done. */
  removals(limit: number): Digest[];
  /** The store has removed them. */
  removed(digests: readonly Digest[]): void;
}

/** What is stored of the log: sequence numbers of its ends and of its checkpoints, ascending. */
export interface StoredLog {
  readonly first: number;
  readonly head: number;
  readonly checkpoints: readonly number[];
  /** Of all records. */
  readonly bytes: number;
  /** Of the records after each checkpoint. */
  readonly bytesAfter: readonly number[];
}

export interface LogPruneCalls {
  storedLog(): StoredLog;
  /** Appends a checkpoint, of the moment of the call. Throws `checkpoint-too-large`. */
  addCheckpoint(time: number): Seq;
  /** Deletes up to `limit` records before a checkpoint, the oldest first; gives how many. */
  dropRecords(before: number, limit: number): number;
}

export type RetentionCalls = PastCalls & SweepCalls & LogPruneCalls;
