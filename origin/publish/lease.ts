/** What a grant promises an edge. */
export const LEASE_MS = 6000;

/** What the clocks of two machines may differ by while a lease runs. */
const CLOCK_MARGIN_MS = 500;

/** For so long an edge may believe that it holds a lease, by the origin's clock from the answer on. */
export const LONGEST_LEASE_MS = LEASE_MS + CLOCK_MARGIN_MS;
