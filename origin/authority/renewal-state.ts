import type { CoveredNames, Validity } from '../../shared/tls/issue.ts';

const DAY_MS = 24 * 3_600_000;
/** A new certificate is valid from a day ago, so that a client whose clock is up to a day behind accepts it. */
const BEFORE_MS = DAY_MS;
const LIFE_MS = 30 * DAY_MS;
/** A certificate is replaced this long before it expires, so that clients whose clocks are days ahead accept it. */
const RENEW_MS = 15 * DAY_MS;

/** A certificate in use. */
export interface Issued {
  readonly names: CoveredNames;
  readonly validity: Validity;
}

export function validityAt(now: number): Validity {
  return { from: now - BEFORE_MS, to: now + LIFE_MS };
}

/**
 * Whether a new certificate is due: the old one expires soon, the clock was set back, or the machine's names changed.
 */
export function isDue(issued: Issued, names: CoveredNames, now: number): boolean {
  const { from, to } = issued.validity;
  if (now < from || now > to - RENEW_MS) return true;
  return JSON.stringify(issued.names) !== JSON.stringify(names);
}
