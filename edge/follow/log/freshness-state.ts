import type { Head } from '../../../shared/log/head.ts';

/** An upstream that does not keep up with the origin for this long is left for another. */
export const STALE_MS = 30_000;
/** So many records are progress, however far the end of the log is. */
const CATCHING_UP = 500;

/**
 * How well an upstream keeps up. Heads that get younger are not enough: who passes them on and holds the records back
 * that they name would freeze an edge as well as one that repeats an old head.
 */
export interface Freshness {
  /** When it was last known to keep up, by the clock of the caller. */
  readonly since: number;
  /** What the newest head said then: its time, and how far the log went. */
  readonly newest: number;
  readonly owed: number;
  /** The position then. */
  readonly position: number;
}

export function firstFreshness(now: number, position: number): Freshness {
  return { since: now, newest: 0, owed: 0, position };
}

/** It keeps up when its head is younger and all has come that the one before named, or when much has come. */
export function afterFrame(
  state: Freshness,
  { now, position, head }: { now: number; position: number; head: Head | undefined },
): Freshness {
  const isYounger = head !== undefined && head.time > state.newest && position >= state.owed;
  if (!isYounger && position < state.position + CATCHING_UP) return state;
  return {
    since: now,
    newest: Math.max(state.newest, head?.time ?? 0),
    owed: head?.seq ?? state.owed,
    position,
  };
}

/** Why an upstream is no more worth following; undefined while it is. */
export function staleness(
  { since, newest, owed }: Freshness,
  { now, position, head }: { now: number; position: number; head: Head | undefined },
): 'old-head' | 'records-held-back' | undefined {
  if (now - since < STALE_MS) return undefined;
  return head !== undefined && head.time > newest && position < owed ? 'records-held-back' : 'old-head';
}

/** Whether a head that another upstream passes on is so old beside the present one's that it would be left again. */
export function isBehind(head: Head, present: Head | undefined): boolean {
  return present !== undefined && head.time < present.time - STALE_MS;
}
