import type { ServingCounters } from '../activate/messages.ts';

/** Counts answers by site and class of status. */
export class Counters {
  readonly #sites = new Map<string, { requests: Record<string, number>; bytes: number }>();

  count(site: string, status: number, bytes: number): void {
    let counter = this.#sites.get(site);
    if (counter === undefined) {
      counter = { requests: {}, bytes: 0 };
      this.#sites.set(site, counter);
    }
    const group = `${Math.floor(status / 100)}xx`;
    counter.requests[group] = (counter.requests[group] ?? 0) + 1;
    counter.bytes += bytes;
  }

  snapshot(): ServingCounters {
    return Object.fromEntries(this.#sites);
  }
}
