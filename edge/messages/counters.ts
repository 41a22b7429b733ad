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
  /** The visible revision, and the counts when it became visible. */
  readonly shown: ShownSince;
}

export interface ShownSince {
  readonly revision: number;
  readonly requests: number;
  readonly errors: number;
  readonly bytes: number;
}

export const LATENCY_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];
