/** A GET that got no error. */
export interface RecentRequest {
  readonly target: string;
  readonly host: string;
  readonly referer: string | undefined;
}

/** So many requests of each site are kept, and so many sites. */
const MOST_REQUESTS = 256;
const MOST_SITES = 50;
/** Longer requests are not kept. */
const MOST_TEXT = 500;

interface Ring {
  readonly targets: string[];
  readonly hosts: string[];
  readonly referers: (string | undefined)[];
  next: number;
}

/** The last requests of each site, by which a revision on trial is rehearsed. */
export class RecentRequests {
  readonly #sites = new Map<string, Ring>();

  /** Fields are noted one by one, because each answer passes here. */
  note(site: string, target: string, host: string, referer: string | undefined): void {
    if (target.length + host.length + (referer?.length ?? 0) > MOST_TEXT) return;
    const ring = this.#sites.get(site) ?? this.#begin(site);
    const at = ring.next;
    ring.targets[at] = target;
    ring.hosts[at] = host;
    ring.referers[at] = referer;
    ring.next = at + 1 === MOST_REQUESTS ? 0 : at + 1;
  }

  of(site: string): readonly RecentRequest[] {
    const ring = this.#sites.get(site);
    if (ring === undefined) return [];
    return ring.targets.map((target, i) => ({
      ...{ target, host: ring.hosts[i] ?? '', referer: ring.referers[i] },
    }));
  }

  #begin(site: string): Ring {
    const [oldest] = this.#sites.keys();
    if (this.#sites.size === MOST_SITES && oldest !== undefined) this.#sites.delete(oldest);
    const ring: Ring = { targets: [], hosts: [], referers: [], next: 0 };
    this.#sites.set(site, ring);
    return ring;
  }
}
