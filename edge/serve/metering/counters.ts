import {
  LATENCY_BUCKETS,
  type ServingCounters,
  type ShownSince,
  type SiteCounters,
} from '../../messages/counters.ts';

/** Counts the responses of each site by class of status, with their bytes and durations. */
export class Counters {
  readonly #sites = new Map<string, Counting>();
  #shown: ReadonlyMap<string, number> = new Map();

  /** Continues from the counts in `counted`. */
  constructor(counted: ServingCounters = {}) {
    for (const [site, { requests, buckets, ...totals }] of Object.entries(counted))
      this.#sites.set(site, { ...totals, requests: { ...requests }, buckets: [...buckets] });
  }

  /** `seconds` is the time from the head of the request until the last byte was passed to the operating system. */
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

  /**
   * Records which revision of each site is shown from now on. Drops the counts of all other sites, since sites are
   * created and deleted while the process runs.
   */
  show(sites: readonly { readonly name: string; readonly revision: number }[]): void {
    const shown = new Map(sites.map(({ name, revision }) => [name, revision]));
    for (const [site, counter] of this.#sites) {
      const revision = shown.get(site);
      if (revision === undefined) this.#sites.delete(site);
      else if (revision !== counter.shown.revision) counter.shown = shownSince(revision, counter);
    }
    this.#shown = shown;
  }

  snapshot(): ServingCounters {
    return Object.fromEntries(this.#sites);
  }

  #of(site: string): Counting {
    const known = this.#sites.get(site);
    if (known !== undefined) return known;
    const buckets = [...LATENCY_BUCKETS, 0].map(() => 0);
    const shown = { revision: this.#shown.get(site) ?? 0, requests: 0, errors: 0, bytes: 0 };
    const counter: Counting = { requests: {}, bytes: 0, buckets, seconds: 0, excesses: 0, shown };
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
  shown: ShownSince;
}

function shownSince(revision: number, { requests, bytes }: SiteCounters): ShownSince {
  const all = Object.values(requests).reduce((sum, count) => sum + count, 0);
  return { revision, requests: all, errors: requests['5xx'] ?? 0, bytes };
}
