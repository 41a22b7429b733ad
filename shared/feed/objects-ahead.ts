import type { Digest } from '../content/digest.ts';
import type { ObjectNames } from '../content/manifest/object-names.ts';
import { type AheadPage, MOST_AHEAD_PAGES, objectsOn } from '../log/ahead-page.ts';
import type { Remote } from '../process/thread.ts';
import { MOST_AHEAD_SITES } from '../wire/frame.ts';

/** The maximum number of objects on all pages together. They take about 50 MB of memory. */
const MOST_OBJECTS = 200_000;
/** The hexadecimal digits of the short names by which followers request objects. */
const SHORT_NAME = 16;

interface List {
  readonly name: string;
  readonly pages: AheadPage[];
  /** The objects and chunk lists of all pages, by short name. */
  readonly named: Map<string, Digest>;
  /** The number of the addition that was its last one. */
  changed: number;
}

/**
 * The objects that this feed holds and offers ahead of their revision: at the origin what was uploaded, at a parent what
 * it has fetched. They are in memory only, because followers lose nothing but time without them. One list per site.
 */
export class ObjectsAhead {
  /** In the order of their last additions. */
  readonly #lists = new Map<number, List>();
  #newest = 0;

  /** The number of the newest addition. */
  get newest(): number {
    return this.#newest;
  }

  get sites(): readonly number[] {
    return [...this.#lists.keys()];
  }

  /** The list of a site, and the place of its next page. Undefined for none. */
  next(site: number): Pick<AheadPage, 'list' | 'page'> | undefined {
    const list = this.#lists.get(site);
    return list && { list: list.name, page: list.pages.length };
  }

  /**
   * Adds the next page of a list. The first page of another list replaces the one that the site had. Does nothing for a
   * page that does not come next, or when there is no room. The caller then wakes the followers of its feed.
   */
  add(page: AheadPage): void {
    const { site, list: name } = page;
    const before = this.#lists.get(site);
    const list =
      before?.name === name ? before : { name, pages: [], named: new Map<string, Digest>(), changed: 0 };
    if (page.page !== list.pages.length || page.page >= MOST_AHEAD_PAGES) return;
    this.#lists.delete(site);
    this.#lists.set(site, list);
    this.#makeRoom(page.objects.length);
    if (this.#objects() + page.objects.length > MOST_OBJECTS) return;
    list.pages.push(page);
    for (const { digest, chunks } of objectsOn(page))
      for (const one of chunks === null ? [digest] : [digest, chunks])
        list.named.set(one.slice(0, SHORT_NAME), one);
    list.changed = ++this.#newest;
  }

  /** A page of the list with this name. If the site has another list, its first page. Undefined for none. */
  page(site: number, name: string, page: number): AheadPage | undefined {
    const list = this.#lists.get(site);
    return list?.pages[list.name === name ? page : 0];
  }

  /** The sites to which pages were added after the addition `told`. */
  since(told: number): readonly number[] {
    return [...this.#lists].filter(([, { changed }]) => changed > told).map(([site]) => site);
  }

  /** Forgets the list of a site, because a revision names its objects, or because there will be none. */
  drop(site: number): void {
    this.#lists.delete(site);
  }

  /** The object with this short name that one of the sites has here. Null means all sites. */
  named(name: Uint8Array, sites: readonly number[] | null): Digest | undefined {
    const short = Buffer.from(name).toString('hex');
    for (const [site, { named }] of this.#lists) {
      const digest = sites === null || sites.includes(site) ? named.get(short) : undefined;
      if (digest !== undefined) return digest;
    }
    return undefined;
  }

  isNamedIn(digest: Digest, sites: readonly number[]): boolean {
    const short = digest.slice(0, SHORT_NAME);
    return sites.some((site) => this.#lists.get(site)?.named.get(short) === digest);
  }

  #objects(): number {
    let count = 0;
    for (const { named } of this.#lists.values()) count += named.size;
    return count;
  }

  /** Drops the lists that have not grown for the longest time. The newest one stays. */
  #makeRoom(objects: number): void {
    for (const site of this.#lists.keys()) {
      const isFull = this.#lists.size > MOST_AHEAD_SITES || this.#objects() + objects > MOST_OBJECTS;
      if (!isFull || this.#lists.size === 1) return;
      this.#lists.delete(site);
    }
  }
}

/** Followers may request the objects that are offered ahead like those that entries name, with the same limits. */
export function alsoAhead<T extends Remote<ObjectNames>>(names: T, ahead: ObjectsAhead): T {
  const calls: Pick<Remote<ObjectNames>, 'objectsNamed' | 'isNamedIn'> = {
    async objectsNamed(wanted, sites) {
      const found = await names.objectsNamed(wanted, sites);
      return wanted.map((name, i) => found[i] ?? ahead.named(name, sites));
    },
    isNamedIn: async (digest, sites) =>
      ahead.isNamedIn(digest, sites) || (await names.isNamedIn(digest, sites)),
  };
  return new Proxy(names, {
    get: (target, name): unknown => Reflect.get(Object.hasOwn(calls, name) ? calls : target, name),
  });
}
