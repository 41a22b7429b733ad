import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';

/** The state of one edge with regard to one revision of a site. */
export interface EdgeSyncStatus {
  /** The complete, proved revision is stored at the edge, or is visible already. */
  readonly prepared: boolean;
  /** The edge reports that it shows the revision, and the origin has stored its receipt. */
  readonly visible: boolean;
  /** Milliseconds for which the edge may still consider itself a holder of a lease. 0 when it cannot. */
  readonly leaseLeft: number;
  /** Milliseconds for which the edge may still serve a site that requires a lease. */
  readonly servingLeft: number;
}

/**
 * The queries about edges that a sync publish needs. The synchronous calls answer from memory. Before a caller
 * concludes from their answers that an edge holds no lease, it awaits `current`.
 */
export interface SyncEdges {
  /** Wakes when the state of an edge may have changed for another reason than the passing of time. */
  readonly changed: WakeupSource;
  /**
   * Resolves when the calls below take into account every lease that any origin node granted before this call. A node
   * that serves all edges knows all grants. If there are several nodes, each stores a grant where the others can read
   * it before it answers the edge, and reads the grants of the others in this call.
   */
  current(): Promise<void>;
  /** Edges with a lease that replicate the site without delay: not paused, delayed, scheduled or revoked. */
  participants(site: string): string[];
  /** Edges that may still serve the site although it requires a lease. */
  servers(site: string): string[];
  /**
   * Once this resolves, an edge must show this revision of the site or a later one in order to get time to serve sites
   * that require a lease. This holds for all origin nodes. Null removes the requirement. Resolves with the previous
   * one.
   */
  requireRevision(
    site: { readonly id: number; readonly name: string },
    revision: number | null,
  ): Promise<number | null>;
  /**
   * Called when a site begins or ceases to require a lease, and with false when it is deleted. Publishes to such a site
   * wait until leases end, so while there is one, all new leases are short.
   */
  refusesWithoutLease(site: { readonly id: number }, refuses: boolean): Promise<void>;
  syncStatus(edge: string, site: number, revision: number): EdgeSyncStatus;
}
