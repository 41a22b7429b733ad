import type { Fault } from '../../shared/wire/protocol.ts';
import type { MembershipStanding } from './membership.ts';

export interface SiteStanding {
  readonly id: number;
  readonly name: string;
  readonly revision: number;
  readonly target: number;
  readonly prepared: number;
  readonly pendingBytes: number;
  readonly error: string | null;
  /** It is served only while there is a lease. */
  readonly needsLease: boolean;
}

/** What a lazy edge holds, and what has been asked of it since it began. */
export interface StorageStanding {
  readonly heldBytes: number;
  readonly budgetBytes: number;
  readonly evictedObjects: number;
  /** Requests for something that was missing; of these, `collapsed` waited for the fetch of another. */
  readonly misses: number;
  readonly collapsed: number;
}

export interface ReplicaStanding extends MembershipStanding {
  readonly position: number;
  readonly head: number;
  /** The edge that is followed; null for the origin. */
  readonly parent: string | null;
  readonly upstream: string;
  readonly isPaused: boolean;
  /** For which sites may still be served that are not served without a lease; 0: not any more. */
  readonly leaseSeconds: number;
  /** What its clock is ahead of the origin's, in milliseconds; null before this start has heard of the origin. */
  readonly clockOffset: number | null;
  readonly sites: readonly SiteStanding[];
  readonly faults: readonly Fault[];
}
