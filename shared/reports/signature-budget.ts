import type { Budget } from '../concurrency/member-budgets.ts';

/**
 * How many signatures are checked for one member. A signature takes 0.2 ms, so in the long run a member may use a tenth
 * of a thread. An edge that shows ten thousand sites for the first time hands in as many receipts.
 */
export const SIGNATURES: Budget = { burst: 20_000, perSecond: 500 };

/**
 * How many of these signatures are checked on the event loop: as many as an edge with a few sites needs if it reports
 * every two seconds.
 */
export const SIGNATURES_AT_HAND: Budget = { burst: 40, perSecond: 10 };

/**
 * The budget that an edge allows itself. It stays below the limit, because the two clocks differ and reports cost
 * something too.
 */
export const OWN_SIGNATURES: Budget = { burst: SIGNATURES.burst / 2, perSecond: SIGNATURES.perSecond / 2 };
