import type { Budget } from '../concurrency/member-budgets.ts';

/**
 * Signatures that are checked for one member. One takes 0.2 ms, so that a member has a tenth of a thread for itself in
 * the long run. An edge that has shown ten thousand sites for the first time has as many receipts to hand in.
 */
export const SIGNATURES: Budget = { burst: 20_000, perSecond: 500 };

/** Of these, what is checked on the event loop: what an edge with a few sites reports every two seconds. */
export const SIGNATURES_AT_HAND: Budget = { burst: 40, perSecond: 10 };

/** What an edge hands in stays below: the two clocks differ, and reports cost something too. */
export const OWN_SIGNATURES: Budget = { burst: SIGNATURES.burst / 2, perSecond: SIGNATURES.perSecond / 2 };
