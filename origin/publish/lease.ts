/** The lease that a grant promises an edge. */
export const LEASE_MS = 6000;

/** The difference that two machines' clocks may accumulate during a lease. */
const CLOCK_MARGIN_MS = 500;

/** How long an edge may believe that it holds a lease, by the origin's clock, from the answer on. */
export const LONGEST_LEASE_MS = LEASE_MS + CLOCK_MARGIN_MS;
