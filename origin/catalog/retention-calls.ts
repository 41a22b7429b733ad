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
  /** When it was committed, in milliseconds since 1970. */
  readonly time: number;
  readonly state: 'pending' | 'draft' | 'activated' | 'aborted';
  readonly pinned: boolean;
}

/** The revisions of a site that are in use. 0 before the first. */
interface RevisionMarks {
  readonly live: number;
  /** The newest revision that is neither a draft nor aborted. */
  readonly tip: number;
  /** The highest number that was assigned. The next revision is staged over its state, even if it was aborted. */
  readonly newest: number;
  /** The revisions that aliases and rollouts name. */
  readonly named: readonly number[];
}

export interface SiteHistory extends RevisionMarks {
  readonly deleted: boolean;
  readonly retention: SitePolicy['retention'];
  /** The revisions in ascending order. */
  readonly revisions: readonly KnownRevision[];
}

/** Counts objects that were deleted, or would be. */
export interface DroppedObjects {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * The times before which retention deletes, in milliseconds since 1970. Younger items may belong to a publish that is
 * under way, or may be requested again.
 */
export interface AgeLimits {
  /** Unreferenced objects uploaded before this time are deleted. */
  readonly uploadedBefore: number;
  /** Uncommitted deploys opened before this time are given up. */
  readonly openedBefore: number;
  /** All deploys opened before this time are deleted, with their responses. */
  readonly answeredBefore: number;
}

export interface GoingRevisions {
  readonly site: number;
  readonly revisions: readonly number[];
}

/** The counts of what would be deleted together with some revisions. */
export interface Forecast extends DroppedObjects {
  /** One count for each given site, in the given order. */
  readonly sites: readonly Reclaimed[];
}

/**
 * The calls that delete old data. Callers decide what is deleted. Each call processes a short page. If it is repeated,
 * it finds nothing more to do, so the next run finishes the work that a crash interrupted. A revision's row is deleted
 * before its entries, so no reader finds a half-pruned revision. Objects are removed from the store after the catalog
 * has deleted their rows. A list of them survives a crash.
 */

export interface PastReads {
  /** The sites in the order in which they are pruned, including deleted sites that still have data. */
  retainedSites(): RetainedSite[];
  /** Everything that decides what is deleted. Undefined for a site that never existed. */
  past(site: number): SiteHistory | undefined;
  /**
   * Counts what dropping these revisions would delete, at one moment. Changes nothing. It may take long, but it runs in
   * parallel to the other calls and does not delay them. Ignores revisions that do not exist.
   */
  forecast(going: readonly GoingRevisions[], limits: AgeLimits): Forecast;
}

export interface PastCalls extends PastReads {
  /**
   * Drops these revisions with their receipts in one transaction, and returns those that it dropped. It skips revisions
   * that no longer exist or are in use: after the choice, one may have been pinned, or an abort may have made it the
   * tip. A deleted site may lose all its revisions.
   */
  dropRevisions(site: number, revisions: readonly number[]): number[];
  /** Deletes up to `limit` rows of entries and buckets that no longer belong to any revision. */
  dropEntries(site: number, limit: number): Reclaimed & { readonly more: boolean };
  /** Deletes old deploys, and the uploads of deleted sites. False when none is left. */
  dropLeftovers(limits: Pick<AgeLimits, 'openedBefore' | 'answeredBefore'>, limit: number): boolean;
  /**
   * Pins or unpins a revision. A pinned revision is kept. A repeated call changes nothing. Throws `no-such-revision`
   * and `too-many-pins`.
   */
  pin(site: number, revision: number, pinned: boolean): void;
}

/**
 * Finds and deletes unreferenced objects. Stored entries of any revision and files of deploys refer to objects. An
 * object that was uploaded later than `uploadedBefore` counts as referenced. Its chunk list is deleted with it.
 */
export interface SweepCalls {
  /** Returns the unreferenced ones of the `limit` objects after the cursor. `next` is undefined at the end. */
  unreferenced(
    after: number,
    limit: number,
    uploadedBefore: number,
  ): { digests: Digest[]; next: number | undefined };
  /**
   * Deletes the rows of the objects that are still unreferenced, and notes the objects and their chunk lists for
   * removal.
   */
  dropObjects(digests: readonly Digest[], uploadedBefore: number): DroppedObjects;
  /**
   * Objects that were noted for removal and not uploaded again. Callers block uploads until the store has removed the
   * objects.
   */
  removals(limit: number): Digest[];
  /** Notes that the store has removed these objects. */
  removed(digests: readonly Digest[]): void;
}

/** The stored part of the log: sequence numbers of its ends and of its checkpoints, ascending. */
export interface StoredLog {
  readonly first: number;
  readonly head: number;
  readonly checkpoints: readonly number[];
  /** The bytes of all records. */
  readonly bytes: number;
  /** The bytes of the records after each checkpoint. */
  readonly bytesAfter: readonly number[];
}

export interface LogPruneCalls {
  storedLog(): StoredLog;
  /** Appends a checkpoint of the present state. Throws `checkpoint-too-large`. */
  addCheckpoint(time: number): Seq;
  /** Deletes up to `limit` records before a checkpoint, the oldest first, and returns their number. */
  dropRecords(before: number, limit: number): number;
}

export type RetentionCalls = PastCalls & SweepCalls & LogPruneCalls;
