import type { Event, NewEvent } from '../../shared/wire/event.ts';
import type { Health } from './health-state.ts';

const HOUR_MS = 3_600_000;
/** An edge whose health keeps changing causes at most this many events per hour. */
const MOST_PER_HOUR = 10;

/** The kinds of events about the health of an edge. */
export const HEALTH_KINDS = ['edge-online', 'edge-offline', 'edge-health', 'edge-disk-full'] as const;
type HealthKind = (typeof HEALTH_KINDS)[number];

/** The state of an edge in its last event. */
export interface Told {
  readonly state: string;
  readonly trouble: string | null;
  /** The times of the events of the last hour, oldest first. */
  readonly times: readonly number[];
  /** The number of changes since the last event. They caused no events, because there were too many. */
  readonly untold: number;
  /** The state at the last check, whether or not it caused an event. */
  readonly seen: string;
}

export interface Telling {
  readonly told: Told;
  readonly event: NewEvent | undefined;
}

/** An edge without an earlier event causes one when it reports for the first time. */
const UNTOLD = toldOf('offline', null);
/** The stored last-seen times of two online edges differ by less than this. */
const SEEN_TOGETHER_MS = 10 * 60_000;

/** Decides whether the health of an edge causes an event. */
export function tell(before: Told | undefined, edge: string, health: Health, now: number): Telling {
  const { state, trouble } = health;
  const seen = `${state} ${trouble}`;
  const last = before ?? UNTOLD;
  // When the clock was set back, earlier events may lie in the future. They do not count.
  const times = last.times.filter((time) => time <= now && now - time < HOUR_MS);
  const isNews = last.state !== state || last.trouble !== trouble;
  if (times.length >= MOST_PER_HOUR) {
    const untold = last.untold + Number(seen !== last.seen);
    return { told: { ...last, times, untold, seen }, event: undefined };
  }
  if (!isNews) return { told: { ...last, times, seen }, event: undefined };
  const isFull = times.length === MOST_PER_HOUR - 1;
  const event: NewEvent = {
    kind: kindOf(last.state, health),
    edge,
    cause: health.reason ?? 'it reports, and nothing is wrong',
    what: {
      ...{ from: last.state, state, trouble },
      ...(last.untold > 0 && { untold: last.untold }),
      // The edge has used up its events of this hour. The next event is possible when the oldest one is an hour old.
      ...(isFull && { quietUntil: (times[0] ?? now) + HOUR_MS }),
    },
  };
  return { told: { state, trouble, times: [...times, now], untold: 0, seen }, event };
}

function kindOf(from: string, { state, trouble }: Health): HealthKind {
  if (state === 'offline') return 'edge-offline';
  if (trouble === 'pruned-disk') return 'edge-disk-full';
  return from === 'offline' ? 'edge-online' : 'edge-health';
}

/** Restores the state of each edge from stored events, which come newest first. */
export function toldBy(events: readonly Event[]): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const { edge, time, what } of events) {
    if (edge === undefined) continue;
    const newer = told.get(edge);
    if (newer !== undefined) {
      told.set(edge, { ...newer, times: [time, ...newer.times].slice(-MOST_PER_HOUR) });
      continue;
    }
    const state = String(what.state);
    const trouble = typeof what.trouble === 'string' ? what.trouble : null;
    told.set(edge, { ...toldOf(state, trouble), times: [time] });
  }
  return told;
}

/**
 * The state of each edge when the previous process of the origin ended, according to the last reports. It replaces the
 * events of an edge whose state has not changed for so long that its events are no longer kept. An edge was online if
 * it was seen about as late as any other.
 */
export function toldByReports(
  members: readonly { readonly name: string; readonly drained: boolean; readonly lastSeen: number | null }[],
): Map<string, Told> {
  const newest = Math.max(...members.map(({ lastSeen }) => lastSeen ?? 0));
  const told = new Map<string, Told>();
  for (const { name, drained, lastSeen } of members)
    if (lastSeen !== null && newest - lastSeen < SEEN_TOGETHER_MS)
      told.set(name, toldOf(drained ? 'drained' : 'online', null));
  return told;
}

function toldOf(state: string, trouble: string | null): Told {
  return { state, trouble, times: [], untold: 0, seen: `${state} ${trouble}` };
}
