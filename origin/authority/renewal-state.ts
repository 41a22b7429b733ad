import type { CoveredNames, Validity } from '../../shared/tls/issue.ts';

const DAY_MS = 24 * 3_600_000;
/** A client whose clock is less than a day behind accepts a new certificate. */
const BEFORE_MS = DAY_MS;
const LIFE_MS = 30 * DAY_MS;
/** A certificate is replaced so long before its end that clocks may be days ahead. */
const RENEW_MS = 15 * DAY_MS;

/** A certificate in use. */
export interface Issued {
  readonly names: CoveredNames;
  readonly validity: Validity;
}

export function validityAt(now: number): Validity {
  return { from: now - BEFORE_MS, to: now + LIFE_MS };
}

/** Whether a new certificate is due: the old one ends soon, the clock was set back, or this machine has other names. */
export function isDue(issued: Issued, names: CoveredNames, now: number): boolean {
  const { from, to } = issued.validity;
  if (now < from || now > to - RENEW_MS) return true;
  return JSON.stringify(issued.names) !== JSON.stringify(names);
}
