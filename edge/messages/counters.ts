/** Per site name, since the process began. */
export type ServingCounters = Readonly<Record<string, SiteCounters>>;

export interface SiteCounters {
  /** By class of status, such as `2xx`. */
  readonly requests: Readonly<Record<string, number>>;
  /** Of bodies. */
  readonly bytes: number;
  /** Answers that took up to the seconds of that bucket and more than the one before; the last one is for the rest. */
  readonly buckets: readonly number[];
  /** What all answers took. */
  readonly seconds: number;
  /** Answers for which the site's rules asked more than they may. */
  readonly excesses: number;
}

export const LATENCY_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];
