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
/** After so many requests of sites that are not kept, the least busy site makes way for the one that asks. */
const PATIENCE = 1024;

interface Ring {
  readonly targets: string[];
  readonly hosts: string[];
  readonly referers: (string | undefined)[];
  next: number;
  /** How many requests were noted since a site last made way. */
  uses: number;
}

/** The last requests of each site, by which a revision on trial is rehearsed. */
export class RecentRequests {
  readonly #sites = new Map<string, Ring>();
  #turnedAway = 0;

  /** Fields are noted one by one, because each answer passes here. */
  note(site: string, target: string, host: string, referer: string | undefined): void {
    if (target.length + host.length + (referer?.length ?? 0) > MOST_TEXT) return;
    const ring = this.#sites.get(site) ?? this.#begin(site);
    if (ring === undefined) return;
    ring.uses++;
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

  /**
   * A new site seldom takes the place of another. Otherwise a process that serves more sites than are kept would evict
   * one with nearly every request, and would know too little of each.
   */
  #begin(site: string): Ring | undefined {
    if (this.#sites.size === MOST_SITES) {
      if (++this.#turnedAway < PATIENCE) return undefined;
      this.#turnedAway = 0;
      this.#sites.delete(this.#leastBusy());
    }
    const ring: Ring = { targets: [], hosts: [], referers: [], next: 0, uses: 0 };
    this.#sites.set(site, ring);
    return ring;
  }

  #leastBusy(): string {
    let found = '';
    let fewest = Number.POSITIVE_INFINITY;
    for (const [site, ring] of this.#sites) {
      if (ring.uses < fewest) {
        fewest = ring.uses;
        found = site;
      }
      ring.uses = 0;
    }
    return found;
  }
}
