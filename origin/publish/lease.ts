/** The heartbeats that the origin answers per second in a quiet fleet, whatever the number of its edges. */
const HEARTBEATS_PER_SECOND = 25;
const HEARTBEAT_MS = { least: 2000, most: 10_000 };

/** How long a lease outlasts the heartbeat that should renew it. An edge repeats a lost report within this time. */
const SPARE_MS = 4000;

/** The difference that two machines' clocks may accumulate during a lease. */
const CLOCK_MARGIN_MS = 500;

/** The terms of a grant, in milliseconds. */
export interface LeaseTerms {
  /** An edge without news reports again after this time. */
  readonly heartbeat: number;
  /** The lease that the edge gets. */
  readonly lease: number;
}

/**
 * The terms of a fleet of this many members. Large fleets report less often, and their leases last longer, so that
 * quiet edges cost the origin little. In return, a synchronous publish waits longer for an edge that is gone.
 */
export function leaseTerms(members: number): LeaseTerms {
  const heartbeat = Math.min(
    Math.max((members / HEARTBEATS_PER_SECOND) * 1000, HEARTBEAT_MS.least),
    HEARTBEAT_MS.most,
  );
  return { heartbeat: Math.round(heartbeat), lease: Math.round(heartbeat) + SPARE_MS };
}

/** The terms of every fleet, whatever its size, while there is a site that edges must not serve without a lease. */
export const SHORTEST_TERMS: LeaseTerms = leaseTerms(0);

/** The time from the origin's response until the edge certainly considers the lease ended. */
export function outlasting({ lease }: LeaseTerms): number {
  return lease + CLOCK_MARGIN_MS;
}
