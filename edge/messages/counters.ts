/** Counts by the name of the site. A process that replaces another continues its counts. */
export type ServingCounters = Readonly<Record<string, SiteCounters>>;

export interface SiteCounters {
  /** The number of answers by class of status, such as `2xx`. */
  readonly requests: Readonly<Record<string, number>>;
  /** Bytes of bodies. */
  readonly bytes: number;
  /**
   * Answers by their duration. Each bucket counts those up to its bound and above the bound of the bucket before it.
   * The last bucket has no bound.
   */
  readonly buckets: readonly number[];
  /** The sum of all durations. */
  readonly seconds: number;
  /** Requests that were refused because the headers from the site's rules would exceed a limit. */
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
