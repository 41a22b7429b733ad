/** Counters by site name, since the process started. */
export type ServingCounters = Readonly<Record<string, SiteCounters>>;

export interface SiteCounters {
  /** By class of status, such as `2xx`. */
  readonly requests: Readonly<Record<string, number>>;
  /** The bytes of bodies. */
  readonly bytes: number;
  /**
   * The number of answers per bucket. A bucket counts answers that took at most its seconds and more than those of the
   * bucket before it. The last one counts the rest.
   */
  readonly buckets: readonly number[];
  /** The seconds that all answers took together. */
  readonly seconds: number;
  /** Answers for which the site's rules exceeded their limits. */
  readonly excesses: number;
}

export const LATENCY_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];
