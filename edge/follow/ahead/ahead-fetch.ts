import type { Logger } from 'pino';
import type { Bandwidth } from '../../../shared/concurrency/bandwidth.ts';
import type { Gate } from '../../../shared/concurrency/gate.ts';
import { Wakeup } from '../../../shared/concurrency/wakeup.ts';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { ObjectsAhead } from '../../../shared/feed/objects-ahead.ts';
import { type AheadPage, objectsOn, verifyAheadPage } from '../../../shared/log/ahead-page.ts';
import { MOST_AHEAD_SITES } from '../../../shared/wire/frame.ts';
import type { EdgeCatalog, EdgeSite } from '../../store/catalog.ts';
import { type Faults, isLie } from '../faults.ts';
import type { ObjectFetch } from '../fetch/object-fetch.ts';
import type { ObjectSource } from '../fetch/object-source.ts';
import type { LogPosition } from '../log/log-position.ts';
import type { LogTime } from '../log/log-time.ts';
import type { Transfer } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { hasRoom } from './ahead-plan.ts';

/** The interval at which failed fetches are repeated. */
const EVERY_MS = 60_000;
/** Objects of a site are released when nothing was fetched ahead for it for this long, and it still has no revision. */
const KEPT_MS = 6 * 60 * 60_000;
const RELEASED_AT_ONCE = 2000;

export interface AheadFetchParts {
  readonly catalog: Pick<EdgeCatalog, 'site' | 'noteAhead' | 'aheadUse' | 'releaseAhead'>;
  readonly objects: Pick<ObjectFetch, 'fetch'>;
  /** Pruning holds it alone. So it has either removed an object, or sees that the object is noted. */
  readonly gate: Gate;
  readonly upstreams: Upstreams;
  readonly sourceOf: (upstream: Upstream) => ObjectSource;
  readonly position: Pick<LogPosition, 'chain'>;
  readonly faults: Faults;
  /** The bandwidth limit of this edge, if it has one. */
  readonly bandwidth: Bandwidth | undefined;
  readonly mayFetch: (site: EdgeSite) => boolean;
  /** The free bytes of the disk, if they are known. */
  readonly freeDisk: () => number | undefined;
  /** What this edge offers to its children, and what wakes them. Undefined for an edge that is not a parent. */
  readonly offers: { readonly ahead: ObjectsAhead; readonly wake: () => void } | undefined;
  readonly time: Pick<LogTime, 'now'>;
  readonly log: Logger;
}

/**
 * Fetches objects that were uploaded for the first revision of a site, while the rest is uploaded. When the revision
 * comes, its sync finds them in the store. It changes nothing else: without this class, the sync fetches all of them.
 * Revisions go first: while a site takes a step, no page is begun, and one of another site is interrupted.
 */
export class AheadFetch {
  readonly #parts: AheadFetchParts;
  readonly #signal: AbortSignal;
  /** The sites with pages to fetch, the one that was offered last at the end. */
  readonly #offered = new Set<number>();
  /** The next page of each site, in the order of the last changes. */
  readonly #places = new Map<number, Pick<AheadPage, 'list' | 'page'>>();
  /** The sites that are taking a step. */
  readonly #busy = new Set<number>();
  readonly #wakeup = new Wakeup();
  #fetching: { readonly site: number; readonly stop: AbortController } | undefined;
  #releasing: Promise<void> | undefined;

  constructor(parts: AheadFetchParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /** Called when an upstream offers objects of these sites. Nobody has signed that. */
  offered(sites: readonly number[]): void {
    for (const site of sites) {
      this.#offered.delete(site);
      this.#offered.add(site);
      const [oldest] = this.#offered;
      if (this.#offered.size > MOST_AHEAD_SITES && oldest !== undefined) this.#offered.delete(oldest);
    }
    this.#wakeup.wake();
  }

  /** Called when a site begins a step towards a revision. The returned function is called at its end. */
  began(site: number): () => void {
    this.#busy.add(site);
    // The step of the same site first needs the manifest, and then profits from the page.
    if (this.#fetching !== undefined && this.#fetching.site !== site) this.#fetching.stop.abort();
    return () => {
      this.#busy.delete(site);
      if (this.#busy.size === 0) this.#wakeup.wake();
    };
  }

  /**
   * Releases what has a revision by now, and what never got one, so that pruning removes the latter. Does nothing while
   * a page is being fetched: an object may not be stored and removed at the same time.
   */
  release(signal: AbortSignal): Promise<void> {
    if (this.#fetching === undefined)
      this.#releasing ??= this.#releaseAll(signal).finally(() => {
        this.#releasing = undefined;
      });
    return this.#releasing ?? Promise.resolve();
  }

  async #releaseAll(signal: AbortSignal): Promise<void> {
    const { catalog, time } = this.#parts;
    const now = time.now();
    while (await catalog.releaseAhead({ since: now - KEPT_MS, now }, RELEASED_AT_ONCE))
      signal.throwIfAborted();
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const woken = this.#wakeup.wait(EVERY_MS, this.#signal);
      try {
        await this.#endOffers();
        for (const site of [...this.#offered]) await this.#fetchSite(site);
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#parts.log.warn({ err: error }, 'objects could not be fetched ahead of their revision');
      }
      await woken;
    }
  }

  /** Stops offering what a revision names here. */
  async #endOffers(): Promise<void> {
    const { catalog, offers } = this.#parts;
    for (const id of offers?.ahead.sites ?? []) {
      const site = await catalog.site(id);
      if (site === undefined || site.active.revision > 0) offers?.ahead.drop(id);
    }
  }

  /** Fetches page after page until there is none, or a revision goes first. */
  async #fetchSite(id: number): Promise<void> {
    const { catalog, mayFetch, upstreams, faults } = this.#parts;
    this.#offered.delete(id);
    while (!this.#signal.aborted) {
      const site = await catalog.site(id);
      if (site === undefined || !mayFetch(site)) {
        this.#places.delete(id);
        return;
      }
      if (this.#busy.size > 0) return this.#later(id);
      // Nothing may be awaited between this check and the mark that a page is being fetched.
      while (this.#releasing !== undefined) await this.#releasing.catch(() => {});
      const upstream = upstreams.current;
      const stop = new AbortController();
      this.#fetching = { site: id, stop };
      try {
        if (!(await this.#fetchPage(id, upstream, AbortSignal.any([this.#signal, stop.signal])))) return;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (stop.signal.aborted) return this.#later(id);
        faults.note(error, upstream.url);
        if (isLie(error)) upstreams.avoid(upstream);
        // An upstream that no longer has the objects offers the list again when it has more.
        else if (!hasCode(error, 'no-such-object') && !hasCode(error, 'forbidden')) this.#later(id);
        return;
      } finally {
        this.#fetching = undefined;
      }
    }
  }

  #later(site: number): void {
    this.#offered.add(site);
  }

  /** Fetches the next page of the site. Returns false if there is none, or no room for it. */
  async #fetchPage(site: number, upstream: Upstream, signal: AbortSignal): Promise<boolean> {
    const { catalog, objects, gate, sourceOf, bandwidth, freeDisk, offers, time } = this.#parts;
    const source = sourceOf(upstream);
    const transfer: Transfer = { signal, bandwidths: bandwidth === undefined ? [] : [bandwidth] };
    const place = this.#places.get(site) ?? { list: '', page: 0 };
    const page = await upstream.objectsAhead(source.self, site, place, transfer);
    if (page === undefined) return false;
    this.#check(page, site, place, upstream.url);
    const needed = objectsOn(page);
    const bytes = needed.reduce((sum, { size }) => sum + size, 0);
    const use = { objects: needed.length, bytes };
    if (!hasRoom(use, site, await catalog.aheadUse(), freeDisk())) return false;
    await gate.shared(() => catalog.noteAhead(site, needed, time.now()));
    await objects.fetch(source, needed, new Map(), () => {}, transfer);
    this.#moveOn(site, page);
    offers?.ahead.add(page);
    offers?.wake();
    return true;
  }

  #check(page: AheadPage, site: number, asked: Pick<AheadPage, 'list' | 'page'>, url: string): void {
    const { chain } = this.#parts.position;
    if (page.site !== site || page.page !== (page.list === asked.list ? asked.page : 0))
      throw new SkerryError(
        'upstream-protocol',
        `${url} sends another page of objects than the one asked for`,
      );
    if (!verifyAheadPage(chain, page, chain.key))
      throw new SkerryError('bad-signature', `the origin has not signed a page of objects from ${url}`);
  }

  #moveOn(site: number, { list, page }: AheadPage): void {
    this.#places.delete(site);
    this.#places.set(site, { list, page: page + 1 });
    const [oldest] = this.#places.keys();
    if (this.#places.size > MOST_AHEAD_SITES && oldest !== undefined) this.#places.delete(oldest);
  }
}
