import { LATENCY_BUCKETS, type ServingCounters, type SiteCounters } from '../../messages/counters.ts';

/** Counts the answers of each site by class of status, their bytes, and how long they took. */
export class Counters {
  readonly #sites = new Map<string, Counting>();

  /** Continues from the counts in `counted`. */
  constructor(counted: ServingCounters = {}) {
    for (const [site, { requests, buckets, ...totals }] of Object.entries(counted))
      this.#sites.set(site, { ...totals, requests: { ...requests }, buckets: [...buckets] });
  }

  /** `seconds` is the time from the head of the request to the last byte given to the system. */
  count(site: string, status: number, bytes: number, seconds: number): void {
    const counter = this.#of(site);
    const group = `${Math.floor(status / 100)}xx`;
    counter.requests[group] = (counter.requests[group] ?? 0) + 1;
    counter.bytes += bytes;
    counter.seconds += seconds;
    let bucket = 0;
    while (bucket < LATENCY_BUCKETS.length && seconds > (LATENCY_BUCKETS[bucket] ?? 0)) bucket++;
    counter.buckets[bucket] = (counter.buckets[bucket] ?? 0) + 1;
  }

  countExcess(site: string): void {
    this.#of(site).excesses++;
  }

  /** Drops the counts of all other sites, since sites come and go while the process runs. */
  keep(sites: readonly string[]): void {
    const kept = new Set(sites);
    for (const site of this.#sites.keys()) if (!kept.has(site)) this.#sites.delete(site);
  }

  snapshot(): ServingCounters {
    return Object.fromEntries(this.#sites);
  }

  #of(site: string): Counting {
    const known = this.#sites.get(site);
    if (known !== undefined) return known;
    const buckets = [...LATENCY_BUCKETS, 0].map(() => 0);
    const counter: Counting = { requests: {}, bytes: 0, buckets, seconds: 0, excesses: 0 };
    this.#sites.set(site, counter);
    return counter;
  }
}

interface Counting extends SiteCounters {
  readonly requests: Record<string, number>;
  readonly buckets: number[];
  bytes: number;
  seconds: number;
  excesses: number;
}
