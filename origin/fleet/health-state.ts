import type { EdgeUse } from '../../shared/wire/protocol.ts';

/**
 * How an edge is, in one word. The worst that holds is the state: diverged, drained and offline are facts, degraded and
 * lagging are judged by the thresholds below.
 */
export type HealthState = 'online' | 'lagging' | 'degraded' | 'offline' | 'drained' | 'diverged';

/** A bound that is crossed at `enter` and is crossed back only at `leave`, so that a state does not flutter. */
interface Bound {
  readonly enter: number;
  readonly leave: number;
}

/** All thresholds of health. docs/operations.md names them. */
export const THRESHOLDS = {
  /** Seconds behind the live revision, beyond the delay that the edge keeps on purpose. */
  lagSeconds: { enter: 30, leave: 10 },
  /** Seconds since the edge last heard from its upstream. */
  contactSeconds: { enter: 30, leave: 15 },
  /** The parts of the disk and of the file descriptors that are in use. */
  diskUsed: { enter: 0.95, leave: 0.92 },
  filesOpen: { enter: 0.9, leave: 0.8 },
  /** The part of the answers of the last minute that were 5xx, once there were enough of them. */
  errorRatio: { enter: 0.05, leave: 0.02 },
  leastRequests: 100,
  windowMs: 60_000,
  /** A state is left when the edge has been better for this long. */
  calmMs: 15_000,
  /** A judgement that is older says nothing about the present. */
  staleMs: 60_000,
} as const;

/** What the origin knows of an edge at one moment. */
export interface Observed {
  /** By the monotonic clock, in milliseconds. */
  readonly now: number;
  readonly isOnline: boolean;
  readonly isRevoked: boolean;
  readonly isDrained: boolean;
  readonly isPaused: boolean;
  readonly diverged: { readonly position: number; readonly head: number } | null;
  /** Seconds since the newest report. Null before the first. */
  readonly silentSeconds: number | null;
  /** How many seconds the edge stays behind on purpose. Null when it waits for windows. */
  readonly delay: number | null;
  /** The sites that the edge replicates. */
  readonly sites: readonly {
    readonly name: string;
    readonly lagSeconds: number;
    readonly bytes: number;
    readonly error: string | null;
  }[];
  readonly use: EdgeUse | null;
}

export interface Health {
  readonly state: HealthState;
  /** What is wrong, in words that an operator can act on. Null when nothing is. */
  readonly reason: string | null;
  /** When the edge was judged. */
  readonly at: number;
  /** Since when the edge has been better than its state. Null while it is not. */
  readonly betterSince: number | null;
  readonly errors: ErrorWindow | null;
}

/** Counts answers from `mark` on. `ratio` is the part of errors in the window before; null when there was too little. */
interface ErrorWindow {
  readonly mark: { readonly at: number; readonly requests: number; readonly errors: number };
  readonly ratio: number | null;
}

type Verdict = Pick<Health, 'state' | 'reason'>;

const SEVERITY: Readonly<Record<HealthState, number>> = {
  ...{ online: 0, lagging: 1, degraded: 2, offline: 3, drained: 4, diverged: 5 },
};

/** States that hold exactly as long as what they say. */
const isFact = (state: HealthState) => state === 'drained' || state === 'diverged';

/** Judges an edge. A worse state begins at once, and a better one when the edge has been better for a while. */
export function judge(last: Health | undefined, seen: Observed): Health {
  const { now } = seen;
  const before = last === undefined || now - last.at > THRESHOLDS.staleMs ? undefined : last;
  const errors = errorWindow(before?.errors ?? null, seen);
  const verdict = verdictOf(seen, before?.state, errors?.ratio ?? null);
  const found = { ...verdict, at: now, betterSince: null, errors };
  if (before === undefined || isFact(before.state) || SEVERITY[verdict.state] >= SEVERITY[before.state])
    return found;
  const betterSince = before.betterSince ?? now;
  if (now - betterSince >= THRESHOLDS.calmMs) return found;
  return { state: before.state, reason: before.reason, at: now, betterSince, errors };
}

function verdictOf(seen: Observed, before: HealthState | undefined, errorRatio: number | null): Verdict {
  const { diverged, isDrained, isOnline, isRevoked } = seen;
  if (isRevoked) return { state: 'offline', reason: 'its membership was revoked' };
  if (diverged !== null)
    return {
      state: 'diverged',
      reason: `it has records up to ${diverged.position} that are not in the log of this origin, which ends at ${diverged.head}. See docs/operations.md, "An older copy of the origin"`,
    };
  if (isDrained)
    return {
      state: 'drained',
      reason: `an operator has sent its readers elsewhere${isOnline ? '' : `, and ${silence(seen)}`}`,
    };
  if (!isOnline) return { state: 'offline', reason: silence(seen) };
  const trouble = degradedBy(seen, before === 'degraded', errorRatio);
  if (trouble !== undefined) return { state: 'degraded', reason: trouble };
  const lag = laggingBy(seen, before === 'lagging');
  if (lag !== undefined) return { state: 'lagging', reason: lag };
  return { state: 'online', reason: null };
}

function silence({ silentSeconds }: Observed): string {
  if (silentSeconds === null) return 'it has not reported yet: start it, or look at its log';
  return `no report for ${duration(silentSeconds)}: check its host, its process and its way to the origin`;
}

function degradedBy(seen: Observed, isDegraded: boolean, errorRatio: number | null): string | undefined {
  const exceeds = (value: number, { enter, leave }: Bound) => value >= (isDegraded ? leave : enter);
  const { use, sites } = seen;
  if (use !== null) {
    const { disk, files, contactSeconds } = use;
    if (disk !== null && disk.total > 0 && exceeds(1 - disk.free / disk.total, THRESHOLDS.diskUsed))
      return `its disk is ${percent(1 - disk.free / disk.total)} full: free space, or lower its disk budget`;
    if (files.most > 0 && exceeds(files.open / files.most, THRESHOLDS.filesOpen))
      return `${percent(files.open / files.most)} of its file descriptors are in use: raise the limit of open files`;
    if (contactSeconds !== null && exceeds(contactSeconds, THRESHOLDS.contactSeconds))
      return `it has not heard from its upstream for ${duration(contactSeconds)}: look at its faults`;
  }
  if (errorRatio !== null && exceeds(errorRatio, THRESHOLDS.errorRatio))
    return `${percent(errorRatio)} of its answers in the last minute were errors (5xx): look at its log`;
  const failing = sites.find(({ error }) => error !== null);
  return failing && `${failing.name} makes no progress: ${failing.error}`;
}

function laggingBy({ sites, delay, isPaused }: Observed, isLagging: boolean): string | undefined {
  // Nobody knows how far an edge that waits for its windows should be.
  if (delay === null) return undefined;
  const { enter, leave } = THRESHOLDS.lagSeconds;
  const most = delay + (isLagging ? leave : enter);
  const late = sites.filter(({ lagSeconds }) => lagSeconds >= most);
  const worst = late.toSorted((a, b) => b.lagSeconds - a.lagSeconds)[0];
  if (worst === undefined) return undefined;
  const others = late.length > 1 ? ` (and ${late.length - 1} more)` : '';
  const why = isPaused
    ? 'the edge is paused, `skerry edge resume` ends that'
    : worst.bytes > 0
      ? `${worst.bytes} bytes are still to come`
      : 'it has all bytes and does not show them yet';
  return `${worst.name}${others} is ${duration(worst.lagSeconds)} behind: ${why}`;
}

/** Counts begin again when the edge restarts. */
function errorWindow(before: ErrorWindow | null, { now, use }: Observed): ErrorWindow | null {
  if (use === null) return null;
  const { requests, errors } = use;
  const mark = { at: now, requests, errors };
  if (before === null || requests < before.mark.requests || errors < before.mark.errors)
    return { mark, ratio: null };
  if (now - before.mark.at < THRESHOLDS.windowMs) return before;
  const answered = requests - before.mark.requests;
  const ratio = answered < THRESHOLDS.leastRequests ? null : (errors - before.mark.errors) / answered;
  return { mark, ratio };
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
