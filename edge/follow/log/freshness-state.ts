import { HEAD_EVERY_MS } from '../../../shared/feed/follow-log.ts';
import type { Head } from '../../../shared/log/head.ts';

/** If an upstream does not keep up with the origin for this long, the edge changes to another one. */
export const STALE_MS = 30_000;
/**
 * A stream that is silent for this long breaks. So when the next frame comes later than that, this process has not run
 * in the meantime, and the rest of the time does not count against the upstream.
 */
const SILENCE_MS = 3 * HEAD_EVERY_MS;
/** The arrival of this many records counts as progress, however far away the end of the log is. */
const CATCHING_UP = 500;

/**
 * How well an upstream keeps up. Newer heads alone do not show this. If an upstream forwards heads but withholds the
 * records that they cover, the edge falls behind just as if the upstream repeated an old head.
 */
export interface Freshness {
  /** When the upstream was last known to keep up, by the caller's clock. */
  readonly since: number;
  /** When the last frame was handled, by the same clock. */
  readonly handled: number;
  /** The time in the newest head at that moment, and the end of the log that this head named. */
  readonly newest: number;
  readonly owed: number;
  /** The edge's position in the log at that moment. */
  readonly position: number;
}

export function firstFreshness(now: number, position: number): Freshness {
  return { since: now, handled: now, newest: 0, owed: 0, position };
}

/**
 * An upstream keeps up when its head is newer and all records that the previous head named have arrived, or when many
 * records have arrived.
 */
export function afterFrame(
  state: Freshness,
  { now, position, head }: { now: number; position: number; head: Head | undefined },
): Freshness {
  const isYounger = head !== undefined && head.time > state.newest && position >= state.owed;
  if (!isYounger && position < state.position + CATCHING_UP) {
    const stoodStill = Math.max(0, now - state.handled - SILENCE_MS);
    return { ...state, since: state.since + stoodStill, handled: now };
  }
  return {
    since: now,
    handled: now,
    newest: Math.max(state.newest, head?.time ?? 0),
    owed: head?.seq ?? state.owed,
    position,
  };
}

/** The reason to leave an upstream. Undefined while the upstream keeps up. */
export function staleness(
  { since, newest, owed }: Freshness,
  { now, position, head }: { now: number; position: number; head: Head | undefined },
): 'old-head' | 'records-held-back' | undefined {
  if (now - since < STALE_MS) return undefined;
  return head !== undefined && head.time > newest && position < owed ? 'records-held-back' : 'old-head';
}

/**
 * Whether another upstream's head is so much older than the current upstream's that the edge would soon leave that
 * other upstream again.
 */
export function isBehind(head: Head, present: Head | undefined): boolean {
  return present !== undefined && head.time < present.time - STALE_MS;
}
