import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';

/** The state of one edge with regard to one revision of a site. */
export interface EdgeSyncStatus {
  /** The revision is whole, proved and stored at the edge, or visible already. */
  readonly prepared: boolean;
  /** The edge reports that it shows the revision, and its receipt is stored here. */
  readonly visible: boolean;
  /** Milliseconds for which the edge may still believe that it holds a lease. 0 when it cannot. */
  readonly leaseLeft: number;
  /** Milliseconds for which the edge may still serve a site that requires a lease. */
  readonly servingLeft: number;
}

/** The edges as a sync publish sees them. */
export interface SyncEdges {
  /** Wakes when the state of an edge may have changed for another reason than the passing of time. */
  readonly changed: WakeupSource;
  /** Edges with a lease that replicate the site without delay: not paused, delayed, scheduled or revoked. */
  participants(site: string): string[];
  /** Edges that may still serve the site although it requires a lease. */
  servers(site: string): string[];
  /**
   * From now on, only edges that show this revision of the site or a later one may serve sites that require a lease.
   * Null removes the requirement. Returns the previous one.
   */
  requireRevision(
    site: { readonly id: number; readonly name: string },
    revision: number | null,
  ): number | null;
  syncStatus(edge: string, site: number, revision: number): EdgeSyncStatus;
}
