import type { Fault } from '../../shared/wire/protocol.ts';
import type { MembershipStatus } from './membership.ts';

interface AliasStatus {
  readonly name: string;
  readonly revision: number;
  readonly seq: number;
}

export interface SiteStatus {
  readonly id: number;
  readonly name: string;
  readonly revision: number;
  readonly target: number;
  readonly prepared: number;
  readonly pendingBytes: number;
  readonly error: string | null;
  /** The aliases under which readers see something, with the record that set each. */
  readonly aliases: readonly AliasStatus[];
  /** True if the site is served only while the edge has a lease. */
  readonly needsLease: boolean;
}

/** The storage of a lazy edge, and how many requests have found an object missing since the edge started. */
export interface StorageStatus {
  readonly heldBytes: number;
  readonly budgetBytes: number;
  readonly evictedObjects: number;
  /**
   * Counts requests for objects that were not complete on the disk. `collapsed` counts those that waited for another
   * request's fetch.
   */
  readonly misses: number;
  readonly collapsed: number;
}

export interface ReplicaStatus extends MembershipStatus {
  readonly position: number;
  readonly head: number;
  /** The edge that this edge follows. Null if it follows the origin. */
  readonly parent: string | null;
  readonly upstream: string;
  readonly isPaused: boolean;
  /** True if an operator has drained this edge, so that its readers go to other edges. */
  readonly isDrained: boolean;
  /** How long sites that require a lease may still be served. 0 means that they may not. */
  readonly leaseSeconds: number;
  /**
   * How far the edge's clock is ahead of the origin's, in milliseconds. Null before this process has heard from the
   * origin.
   */
  readonly clockOffset: number | null;
  readonly sites: readonly SiteStatus[];
  readonly faults: readonly Fault[];
}
