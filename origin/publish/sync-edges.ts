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

/**
 * The edges as a sync publish sees them. The calls that return at once answer from memory. A caller awaits `current`
 * before it concludes from them that an edge holds no lease.
 */
export interface SyncEdges {
  /** Wakes when the state of an edge may have changed for another reason than the passing of time. */
  readonly changed: WakeupSource;
  /**
   * Resolves when the answers below contain every grant of a lease that any origin node gave before this call. A node
   * that serves all edges knows all grants. Several nodes store each grant where the others read it before they answer
   * the edge, and read the grants of the others here.
   */
  current(): Promise<void>;
  /** Edges with a lease that replicate the site without delay: not paused, delayed, scheduled or revoked. */
  participants(site: string): string[];
  /** Edges that may still serve the site although it requires a lease. */
  servers(site: string): string[];
  /**
   * Once this resolves, only edges that show this revision of the site or a later one get time to serve sites that
   * require a lease, whichever origin node grants it. Null removes the requirement. Resolves with the previous one.
   */
  requireRevision(
    site: { readonly id: number; readonly name: string },
    revision: number | null,
  ): Promise<number | null>;
  syncStatus(edge: string, site: number, revision: number): EdgeSyncStatus;
}
