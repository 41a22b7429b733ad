import type { Digest } from '../../shared/content/digest.ts';
import type { Reclaimed } from '../../shared/content/manifest/pruning.ts';
import type { Seq } from '../../shared/log/record.ts';
import type { StoredLog } from './log-plan.ts';

export interface RetainedSite {
  readonly id: number;
  readonly name: string;
  readonly deleted: boolean;
}

/** Objects that went, or would go. */
export interface DroppedObjects {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * How the catalog lets go of the past. Each call is a short page that can be repeated: what a crash leaves
 * undone, the next run does. A revision's row goes before its entries, so what is half pruned is never found;
 * bytes leave the store after the catalog has forgotten them, by a list that outlives a crash.
 */
export interface RetentionCalls {
  /** Deleted ones too, for their past goes as well; in the order in which they are pruned. */
  retainedSites(): RetainedSite[];
  /** Decides by the site's policy and drops up to `limit` revisions with their receipts; gives their numbers. */
  dropRevisions(site: number, time: number, limit: number): number[];
  /** Deletes rows of entries and buckets that belong to no revision any more. */
  dropEntries(site: number, limit: number): Reclaimed & { readonly more: boolean };
  /** Forgets deploys that nobody will commit, and the uploads of deleted sites; false when none is left. */
  dropLeftovers(time: number, limit: number): boolean;
  /** Looks at `limit` objects after the cursor for such as nothing refers to; `next` is undefined at the end. */
  unreferenced(after: number, limit: number, time: number): { digests: Digest[]; next: number | undefined };
  /** Forgets those of the objects that nothing refers to now, and notes them, with their chunk lists, for removal. */
  dropObjects(digests: readonly Digest[], time: number): DroppedObjects;
  /** What was noted for removal and has not been uploaded again. Uploads must be held off until it is done. */
  removals(limit: number): Digest[];
  /** The store has removed them. */
  removed(digests: readonly Digest[]): void;
  storedLog(): StoredLog;
  /** Appends a checkpoint. Throws `checkpoint-too-large`. */
  addCheckpoint(time: number): Seq;
  /** Deletes up to `limit` records before a checkpoint, the oldest first; gives how many. */
  dropRecords(before: number, limit: number): number;
  /**
   * A pinned revision is kept until it is unpinned. Repeating it changes nothing. Throws `no-such-revision`
   * and `too-many-pins`.
   */
  pin(site: number, revision: number, pinned: boolean): void;
}

/** What a run would do to one site. */
export interface SiteForecast extends Reclaimed {
  readonly site: string;
  readonly deleted: boolean;
  readonly revisions: number[];
}

/** What a run at this moment would take away, of the log apart. */
export interface Forecast extends DroppedObjects {
  readonly sites: SiteForecast[];
}
