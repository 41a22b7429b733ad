import { clockFault } from '../../shared/log/clock-fault.ts';
import type { EdgeUse, Fault } from '../../shared/wire/protocol.ts';

/**
 * The condition of an edge in one word. If several states apply, the worst counts. Diverged, drained and offline are
 * facts; degraded and lagging are judged by the thresholds below.
 */
export type HealthState = 'online' | 'lagging' | 'degraded' | 'offline' | 'drained' | 'diverged';

/** What is wrong with a lagging or degraded edge, in one word. */
export type Trouble =
  | 'paused'
  | 'bandwidth'
  | 'disk'
  | 'pruned-disk'
  | 'files'
  | 'errors'
  | 'contact'
  | 'clock'
  | 'switching';

/** A threshold with hysteresis: a state begins at `enter` and ends only at `leave`, so that it does not flap. */
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
  /** The shares of the disk and of the file descriptors that are in use. */
  diskUsed: { enter: 0.95, leave: 0.92 },
  /** The share of the disk in use, for an edge whose old data was deleted already. */
  prunedDiskUsed: { enter: 0.9, leave: 0.88 },
  filesOpen: { enter: 0.9, leave: 0.8 },
  /** The share of 5xx among the responses of the last minute. */
  errorRatio: { enter: 0.05, leave: 0.02 },
  /** A state is left when the edge has been better for this long. */
  calmMs: 15_000,
  /** A judgement older than this no longer describes the current state. */
  staleMs: 60_000,
} as const;

/** Everything that the origin knows about an edge at one moment. */
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
  /** Whether old data was deleted long enough ago that there is nothing left to delete. */
  readonly isPruned: boolean;
  /** The share of errors among its responses; null when there were too few responses. */
  readonly errorRatio: number | null;
  /** The bytes that it fetches each second, as its reports show; null when it fetches nothing. */
  readonly bytesPerSecond: number | null;
  /** The bytes that it may fetch each second; null for no limit. */
  readonly rate: number | null;
  /** How many milliseconds its clock is ahead; null when it does not know. */
  readonly clockOffset: number | null;
  /** A fault that it has met at its upstream within the last minute. */
  readonly fault: Pick<Fault, 'code' | 'message'> | null;
}

export interface Health {
  readonly state: HealthState;
  readonly trouble: Trouble | null;
  /** What is wrong, in words that an operator can act on. Null when nothing is. */
  readonly reason: string | null;
  /** When the edge was judged. */
  readonly at: number;
  /** The time since when the edge has been better than its state. Null while it is not. */
  readonly betterSince: number | null;
  readonly hasReported: boolean;
}

type Verdict = Pick<Health, 'state' | 'trouble' | 'reason'>;
type Found = { readonly trouble: Trouble; readonly reason: string };

const SEVERITY: Readonly<Record<HealthState, number>> = {
  ...{ online: 0, lagging: 1, degraded: 2, offline: 3, drained: 4, diverged: 5 },
};

/** These states end at once when their cause ends. */
const isFact = (state: HealthState) => state === 'drained' || state === 'diverged';

/**
 * Judges an edge. A worse state begins at once, and a better one when the edge has been better for a while. An edge
 * that reports for the first time has its state at once.
 */
export function judge(last: Health | undefined, seen: Observed): Health {
  const { now } = seen;
  const isUsable = last?.hasReported && now - last.at <= THRESHOLDS.staleMs;
  const before = isUsable ? last : undefined;
  const verdict = verdictOf(seen, before);
  const hasReported = seen.silentSeconds !== null;
  const found = { ...verdict, at: now, betterSince: null, hasReported };
  if (before === undefined || isFact(before.state) || SEVERITY[verdict.state] >= SEVERITY[before.state])
    return found;
  const betterSince = before.betterSince ?? now;
  if (now - betterSince >= THRESHOLDS.calmMs) return found;
  return { ...before, at: now, betterSince };
}

function verdictOf(seen: Observed, before: Health | undefined): Verdict {
  const { diverged, isDrained, isOnline, isRevoked } = seen;
  if (isRevoked) return { state: 'offline', trouble: null, reason: 'its membership was revoked' };
  if (diverged !== null)
    return {
      state: 'diverged',
      trouble: null,
      reason: `it has records up to ${diverged.position} that are not in the log of this origin, which ends at ${diverged.head}. See docs/operations.md, "An older copy of the origin"`,
    };
  if (isDrained)
    return {
      state: 'drained',
      trouble: null,
      reason: `an operator has sent its readers elsewhere${isOnline ? '' : `, and ${silence(seen)}`}`,
    };
  if (!isOnline) return { state: 'offline', trouble: null, reason: silence(seen) };
  const trouble = degradedBy(seen, before?.state === 'degraded' ? before.trouble : undefined);
  if (trouble !== undefined) return { state: 'degraded', ...trouble };
  const lag = laggingBy(seen, before?.state === 'lagging');
  if (lag !== undefined) return { state: 'lagging', ...lag };
  return { state: 'online', trouble: null, reason: null };
}

function silence({ silentSeconds }: Observed): string {
  if (silentSeconds === null) return 'it has not reported yet: start it, or look at its log';
  return `no report for ${duration(silentSeconds)}: check its host, its process and its way to the origin`;
}

/** `last` is the trouble of an edge that was degraded already. */
function degradedBy(seen: Observed, last: Trouble | null | undefined): Found | undefined {
  const exceeds = (value: number, { enter, leave }: Bound) => value >= (last === undefined ? enter : leave);
  const { use, sites, isPruned, errorRatio } = seen;
  if (use !== null) {
    const { files, contactSeconds } = use;
    const full = diskUsed(use);
    if (isPruned && exceeds(full, THRESHOLDS.prunedDiskUsed))
      return {
        trouble: 'pruned-disk',
        reason: `its disk is ${percent(full)} full although old data was deleted: give it a larger disk, or let it replicate less (--sites, --storage lazy --disk)`,
      };
    if (exceeds(full, THRESHOLDS.diskUsed))
      return {
        trouble: 'disk',
        reason: `its disk is ${percent(full)} full: free space, or lower its disk budget`,
      };
    if (files.most > 0 && exceeds(files.open / files.most, THRESHOLDS.filesOpen))
      return {
        trouble: 'files',
        reason: `${percent(files.open / files.most)} of its file descriptors are in use: raise the limit of open files`,
      };
    if (contactSeconds !== null && exceeds(contactSeconds, THRESHOLDS.contactSeconds))
      return {
        trouble: 'contact',
        reason: `it has not heard from its upstream for ${duration(contactSeconds)}: look at its faults`,
      };
  }
  if (errorRatio !== null && exceeds(errorRatio, THRESHOLDS.errorRatio))
    return {
      trouble: 'errors',
      reason: `${percent(errorRatio)} of its answers in the last minute were errors (5xx): look at its log`,
    };
  const failing = sites.find(({ error }) => error !== null);
  return failing && { trouble: 'errors', reason: `${failing.name} makes no progress: ${failing.error}` };
}

function laggingBy(seen: Observed, isLagging: boolean): Found | undefined {
  const { sites, delay } = seen;
  // It is not known how far an edge that waits for its windows should be.
  if (delay === null) return undefined;
  const { enter, leave } = THRESHOLDS.lagSeconds;
  const most = delay + (isLagging ? leave : enter);
  const late = sites.filter(({ lagSeconds }) => lagSeconds >= most);
  const worst = late.toSorted((a, b) => b.lagSeconds - a.lagSeconds)[0];
  if (worst === undefined) return undefined;
  const others = late.length > 1 ? ` (and ${late.length - 1} more)` : '';
  const { trouble, reason } = causeOfLag(
    seen,
    late.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  return { trouble, reason: `${worst.name}${others} is ${duration(worst.lagSeconds)} behind: ${reason}` };
}

/**
 * The most likely cause, and the remedy. `left` is the number of bytes that the edge still has to fetch for the late
 * sites.
 */
function causeOfLag(
  { isPaused, use, fault, bytesPerSecond, rate, clockOffset }: Observed,
  left: number,
): Found {
  if (isPaused)
    return { trouble: 'paused', reason: 'the edge is paused: `skerry edge resume` ends the pause' };
  const free = use?.disk?.free;
  if (left > 0 && free !== undefined && free < left)
    return {
      trouble: 'disk',
      reason: `${amount(left)} are still to come, and its disk has ${amount(free)} left: free space`,
    };
  if (fault !== null)
    return { trouble: 'errors', reason: `its upstream fails with ${fault.code}: ${fault.message}` };
  if (left > 0)
    return {
      trouble: 'bandwidth',
      reason: `${amount(left)} are still to come${speed(bytesPerSecond, rate)}`,
    };
  const clock = clockFault(clockOffset ?? 0);
  if (clock !== undefined)
    return { trouble: 'clock', reason: `it has all bytes, and ${clock}: correct its clock` };
  return { trouble: 'switching', reason: 'it has all bytes and does not show them yet: look at its log' };
}

function speed(bytesPerSecond: number | null, rate: number | null): string {
  const limit = rate === null ? '' : `; --rate allows ${amount(rate)} each second`;
  if (bytesPerSecond === null) return limit;
  if (bytesPerSecond === 0) return `, and nothing has come for a while: check its connection${limit}`;
  return `, at ${amount(bytesPerSecond)} each second${limit}`;
}

function diskUsed({ disk }: EdgeUse): number {
  return disk === null || disk.total === 0 ? 0 : 1 - disk.free / disk.total;
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

function amount(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} bytes`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
