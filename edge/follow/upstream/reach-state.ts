/** A failure that comes sooner costs nobody anything: it is tried anew each time, and the host is there. */
const AT_ONCE_MS = 1000;
/** So long after the last request that waited in vain, readers wait for an upstream again. */
const HOLD_MS = 15_000;
/** While it is silent, who wants something of it asks no more often than this whether it is back. */
const PROBE_EVERY_MS = 1000;

/** What the last attempts showed of an upstream: whether it is worth waiting for. */
export interface Reach {
  /** When something of it came last. */
  readonly heard: number;
  /** When a request last waited for it in vain; undefined while it answers. */
  readonly silent: number | undefined;
  readonly probed: number;
}

/** One that nobody has asked yet is waited for. */
export const UNTRIED: Reach = {
  heard: Number.NEGATIVE_INFINITY,
  silent: undefined,
  probed: Number.NEGATIVE_INFINITY,
};

export function afterSign(reach: Reach, now: number): Reach {
  return { ...reach, heard: now, silent: undefined };
}

/** After a request that left at `sent` and was not answered. Who answers others meanwhile is slow, and not silent. */
export function afterFailure(reach: Reach, { sent, now }: { sent: number; now: number }): Reach {
  if (now - sent < AT_ONCE_MS) return { ...reach, silent: undefined };
  return reach.heard >= sent ? reach : { ...reach, silent: now };
}

export function isSilent({ silent }: Reach, now: number): boolean {
  return silent !== undefined && now - silent < HOLD_MS;
}

export function isProbeDue({ probed }: Reach, now: number): boolean {
  return now - probed >= PROBE_EVERY_MS;
}

export function afterProbing(reach: Reach, now: number): Reach {
  return { ...reach, probed: now };
}
