import type { Difference } from '../../shared/wire/rollout-api.ts';

/** Counts by site name. A process that replaces another one continues its counts. */
export type ServingCounters = Readonly<Record<string, SiteCounters>>;

export interface SiteCounters {
  /** The number of responses by class of status, such as `2xx`. */
  readonly requests: Readonly<Record<string, number>>;
  /** The number of bytes of all bodies. */
  readonly bytes: number;
  /**
   * The number of responses by duration. Each bucket counts those up to its bound and above the bound of the previous
   * bucket. The last bucket has no bound.
   */
  readonly buckets: readonly number[];
  /** The sum of all durations. */
  readonly seconds: number;
  /** The number of requests that were refused because the headers from the site's rules would exceed a limit. */
  readonly excesses: number;
  /** The number of answers 404 and 410 to requests that a page of the same site caused. */
  readonly broken: number;
  /** The visible revision, and the counts when it became visible. */
  readonly shown: ShownSince;
  /** Answers under the revision that was visible before. */
  readonly past: AnswerCounts;
  /** The errors that count against the visible revision, while it is on trial. */
  readonly trial: TrialCounts;
}

export interface AnswerCounts {
  readonly requests: number;
  readonly errors: number;
  readonly broken: number;
}

/** An error under a revision on trial. */
export interface TrialError {
  /** Readers of the base do not meet this error: the request gets none there, or no page of it asks for this. */
  readonly isLost: boolean;
  readonly path: string;
  readonly status: number;
  readonly before: number;
  /** The path of the page that caused the request. Null for none of the site. */
  readonly referer: string | null;
}

export interface TrialCounts {
  readonly lost: number;
  /** How many of them have a status of 5xx. */
  readonly lostErrors: number;
  readonly broken: number;
  /** Null before it has begun. */
  readonly rehearsal: RehearsalCounts | null;
  /** Counts by path. At most `MOST_TRIAL_PATHS`. */
  readonly worst: readonly Difference[];
}

/** The last requests under the base, decided again under the revision. */
export interface RehearsalCounts {
  readonly requests: number;
  /** Those that would get an error now. */
  readonly lost: number;
}

/** Errors at further paths are only counted. */
export const MOST_TRIAL_PATHS = 50;

export const NO_TRIAL: TrialCounts = {
  lost: 0,
  lostErrors: 0,
  broken: 0,
  rehearsal: null,
  worst: [],
};

interface ShownSince extends AnswerCounts {
  readonly revision: number;
  readonly bytes: number;
}

export const LATENCY_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];
