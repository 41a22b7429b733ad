/**
 * A request that fails sooner than this does not delay readers, and shows that the host is up. So later requests try
 * the upstream again.
 */
const AT_ONCE_MS = 1000;
/** For this long after a request got no answer, readers do not wait for the upstream. */
const HOLD_MS = 15_000;
/** While an upstream is silent, requests trigger a probe at most this often. */
const PROBE_EVERY_MS = 1000;

/** The results of the last attempts to reach an upstream. They decide whether readers wait for it. */
export interface Reach {
  /** When the upstream last sent something. */
  readonly heard: number;
  /** The last time that a request got no answer from the upstream. Undefined while the upstream answers. */
  readonly silent: number | undefined;
  readonly probed: number;
}

/** The state of an upstream that was not asked yet. Readers wait for it. */
export const UNTRIED: Reach = {
  heard: Number.NEGATIVE_INFINITY,
  silent: undefined,
  probed: Number.NEGATIVE_INFINITY,
};

export function afterSign(reach: Reach, now: number): Reach {
  return { ...reach, heard: now, silent: undefined };
}

/**
 * The state after a request that left at `sent` got no answer. An upstream that has answered other requests since then
 * is slow, not silent.
 */
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
