import type { Fault } from '../../shared/wire/protocol.ts';
import type { MembershipStatus } from './membership.ts';

export interface SiteStatus {
  readonly id: number;
  readonly name: string;
  readonly revision: number;
  readonly target: number;
  readonly prepared: number;
  readonly pendingBytes: number;
  readonly error: string | null;
  /** The site is served only under a lease. */
  readonly needsLease: boolean;
}

/** The storage of a lazy edge, and the requests that found an object missing since the edge started. */
export interface StorageStatus {
  readonly heldBytes: number;
  readonly budgetBytes: number;
  readonly evictedObjects: number;
  /**
   * Requests for an object that was not complete on the disk. `collapsed` counts those that waited for the fetch of
   * another request.
   */
  readonly misses: number;
  readonly collapsed: number;
}

export interface ReplicaStatus extends MembershipStatus {
  readonly position: number;
  readonly head: number;
  /** The edge that is followed, or null for the origin. */
  readonly parent: string | null;
  readonly upstream: string;
  readonly isPaused: boolean;
  /** An operator has sent its readers to other edges. */
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
