import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';

/** How one edge stands towards one revision of a site. */
export interface EdgeStanding {
  /** It is whole there, proven and stored, or visible already. */
  readonly prepared: boolean;
  /** The edge says that it shows it, and its receipt is stored here. */
  readonly visible: boolean;
  /** Milliseconds for which it may still believe that it holds a lease; 0 when it cannot. */
  readonly leaseLeft: number;
  /** Milliseconds for which it may still serve a site that refuses to be served without a lease. */
  readonly servingLeft: number;
}

/** The edges as a sync publish sees them. */
export interface SyncEdges {
  /** Woken when the standing of an edge may have changed otherwise than by the passing of time. */
  readonly changed: WakeupSource;
  /** Edges with a lease that replicate the site at once: not paused, delayed, scheduled or revoked. */
  participants(site: string): string[];
  /** Edges that may serve the site although it refuses to be served without a lease. */
  servers(site: string): string[];
  /**
   * From now on only edges that show this revision of the site, or a later one, may serve sites that refuse to be
   * served without a lease; null for no such demand. Gives what was demanded before.
   */
  demand(site: { readonly id: number; readonly name: string }, revision: number | null): number | null;
  standing(edge: string, site: number, revision: number): EdgeStanding;
}
