import type { EdgeReport, EdgeUse, Fault } from '../../shared/wire/protocol.ts';

/** A window with fewer responses has no error ratio. */
const LEAST_REQUESTS = 100;
const ERROR_WINDOW_MS = 60_000;
const FETCH_WINDOW_MS = 10_000;
/** Two reports of a fault within this time are one lasting fault. An edge tries a failing site more often than that. */
const SAME_FAULT_MS = 120_000;

/** The trend over the reports of an edge. It depends only on the reports. */
export interface Trend {
  /** The share of errors (5xx) among the responses of the last full minute; null when there were too few responses. */
  readonly errorRatio: number | null;
  /** The bytes per second that arrive for the revisions being fetched. Null when none is being fetched. */
  readonly bytesPerSecond: number | null;
  /** The first and the last time at which the edge reported that roots do not match. Null when it has reported none. */
  readonly mismatch: { readonly since: number; readonly last: number } | null;
  readonly counted: Mark<Pick<EdgeUse, 'requests' | 'errors'>> | null;
  readonly fetched: Mark<{ readonly bytes: number }> | null;
  /** The bytes still to fetch for each site that is being fetched. */
  readonly pending: ReadonlyMap<number, { readonly target: number; readonly bytes: number }>;
}

/** The counts at the beginning of a window. */
type Mark<Counts> = Counts & { readonly at: number };

export const NO_TREND: Trend = {
  ...{ errorRatio: null, bytesPerSecond: null, mismatch: null, counted: null, fetched: null },
  pending: new Map(),
};

/** The trend after the next report of the edge. */
export function afterReport(
  before: Trend,
  report: Pick<EdgeReport, 'time' | 'use' | 'sites' | 'faults'>,
): Trend {
  return {
    ...errorsAfter(before, report),
    ...fetchedAfter(before, report),
    mismatch: mismatchAfter(before.mismatch, report.faults),
  };
}

/** Counts begin again when the edge restarts. */
function errorsAfter(
  { counted, errorRatio }: Trend,
  { time: at, use }: Pick<EdgeReport, 'time' | 'use'>,
): Pick<Trend, 'counted' | 'errorRatio'> {
  if (use === undefined) return { counted, errorRatio };
  const { requests, errors } = use;
  const mark = { at, requests, errors };
  if (counted === null || requests < counted.requests || errors < counted.errors)
    return { counted: mark, errorRatio: null };
  if (at - counted.at < ERROR_WINDOW_MS) return { counted, errorRatio };
  const answered = requests - counted.requests;
  return {
    counted: mark,
    errorRatio: answered < LEAST_REQUESTS ? null : (errors - counted.errors) / answered,
  };
}

function fetchedAfter(
  { fetched, bytesPerSecond, pending: before }: Trend,
  { time: at, sites }: Pick<EdgeReport, 'time' | 'sites'>,
): Pick<Trend, 'fetched' | 'bytesPerSecond' | 'pending'> {
  const pending = new Map(
    sites
      .filter(({ pendingBytes }) => pendingBytes > 0)
      .map(({ site, target, pendingBytes: bytes }) => [site, { target, bytes }]),
  );
  if (pending.size === 0) return { pending, fetched: null, bytesPerSecond: null };
  let bytes = fetched?.bytes ?? 0;
  for (const [site, { target, bytes: left }] of before) {
    const now = pending.get(site);
    // A site that is no longer being fetched has received the rest.
    if (now === undefined) bytes += left;
    else if (now.target === target) bytes += Math.max(0, left - now.bytes);
  }
  const from = fetched?.at ?? at;
  if (at - from < FETCH_WINDOW_MS) return { pending, fetched: { at: from, bytes }, bytesPerSecond };
  return { pending, fetched: { at, bytes: 0 }, bytesPerSecond: (bytes * 1000) / (at - from) };
}

function mismatchAfter(before: Trend['mismatch'], faults: readonly Fault[]): Trend['mismatch'] {
  const times = faults.filter(({ code }) => code === 'root-mismatch').map(({ time }) => time);
  if (times.length === 0) return null;
  const last = Math.max(...times);
  const isSame = before !== null && last - before.last <= SAME_FAULT_MS;
  return { since: isSame ? before.since : last, last };
}
