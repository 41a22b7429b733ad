import type { Fault } from '../../shared/protocol.ts';

export interface SiteStanding {
  readonly id: number;
  readonly name: string;
  readonly revision: number;
  readonly target: number;
  readonly prepared: number;
  readonly pendingBytes: number;
  readonly error: string | null;
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

export interface ReplicaStanding {
  readonly position: number;
  readonly head: number;
  /** The edge that is followed; null for the origin. */
  readonly parent: string | null;
  readonly upstream: string;
  readonly isPaused: boolean;
  /** The upstream takes it for no member of the log. */
  readonly isRefused: boolean;
  /** What its clock is ahead of the origin's, in milliseconds; null before this start has heard of the origin. */
  readonly clockOffset: number | null;
  readonly sites: readonly SiteStanding[];
  readonly faults: readonly Fault[];
}
