import { randomBytes } from 'node:crypto';
import type { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { hasCode } from '../../shared/errors.ts';
import { ObjectsAhead } from '../../shared/feed/objects-ahead.ts';
import { AHEAD_PAGE, type AheadObject, signAheadPage } from '../../shared/log/ahead-page.ts';
import { recentMap } from '../../shared/process/recent-map.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { SigningKey } from '../../shared/signing/keys.ts';
import type { StoredObject } from '../catalog/object-calls.ts';
import type { SiteReads } from '../catalog/site-calls.ts';

/** The number of sites whose uploads fill a page at a time. */
const MOST_FILLING = 16;
const MOST_PUBLISHED = 10_000;

export interface UploadsAheadParts {
  readonly catalog: Pick<Remote<SiteReads>, 'site'>;
  readonly identity: { readonly log: string; readonly epoch: number };
  /** The key that signs the log. */
  readonly key: SigningKey;
  /** Wakes after each append to the log, and wakes the followers. */
  readonly appended: Wakeup;
}

/** The next page of a site. */
interface Filling {
  readonly objects: Map<Digest, AheadObject>;
  bytes: number;
}

/**
 * Offers what is uploaded to a site without a revision, page by page, so that edges can fetch it while the rest is
 * uploaded. What is uploaded to other sites is not offered: edges fetch most of that as deltas of what they hold, for
 * which they must know its paths.
 */
export class UploadsAhead {
  /** What is offered now. */
  readonly ahead = new ObjectsAhead();
  readonly #parts: UploadsAheadParts;
  readonly #filling = new Map<number, Filling>();
  /** Sites that have a revision, live or not. They have one for ever. */
  readonly #published = recentMap<string, true>(MOST_PUBLISHED);
  #isChecking = false;

  constructor(parts: UploadsAheadParts) {
    this.#parts = parts;
    parts.appended.always(() => this.#endPublished());
  }

  /** Called with objects that were uploaded and are durable. */
  readonly note = (objects: readonly StoredObject[]): void => {
    for (const { site, digest, size, chunks } of objects) {
      if (this.#published.has(String(site)) || this.ahead.isNamedIn(digest, [site])) continue;
      const filling = this.#fillingOf(site);
      if (filling.objects.has(digest)) continue;
      filling.objects.set(digest, { digest, size, chunks });
      filling.bytes += size;
      if (filling.objects.size >= AHEAD_PAGE.objects || filling.bytes >= AHEAD_PAGE.bytes)
        this.#close(site, filling);
    }
  };

  /**
   * Called when a revision of the site is about to be made, so all its objects were uploaded. Offers the last page of a
   * list, so that edges fetch it meanwhile. Whoever has uploaded less than a page is offered nothing.
   */
  readonly offerRest = (site: number): void => {
    const filling = this.#filling.get(site);
    if (filling !== undefined && this.ahead.next(site) !== undefined) this.#close(site, filling);
  };

  #close(site: number, { objects }: Filling): void {
    this.#filling.delete(site);
    // Without the offer, edges fetch the objects later.
    this.#offer(site, [...objects.values()]).catch(() => {});
  }

  #fillingOf(site: number): Filling {
    const found = this.#filling.get(site);
    if (found !== undefined) return found;
    const [oldest] = this.#filling.keys();
    if (this.#filling.size === MOST_FILLING && oldest !== undefined) this.#filling.delete(oldest);
    const filling = { objects: new Map(), bytes: 0 };
    this.#filling.set(site, filling);
    return filling;
  }

  async #offer(site: number, objects: readonly AheadObject[]): Promise<void> {
    const { identity, key, appended } = this.#parts;
    if (!(await this.#isUnpublished(site))) return;
    const place = this.ahead.next(site) ?? { list: randomBytes(8).toString('hex'), page: 0 };
    this.ahead.add(signAheadPage(identity, { site, ...place }, objects, key));
    appended.wake();
  }

  /** Ends the lists of sites that have a revision by now. Edges that lack some of the objects fetch the revision. */
  #endPublished(): void {
    const { ahead } = this;
    if (this.#isChecking || ahead.sites.length === 0) return;
    this.#isChecking = true;
    const checks = ahead.sites.map(async (site) => {
      if (!(await this.#isUnpublished(site))) ahead.drop(site);
    });
    // A list that could not be checked is checked after the next append.
    Promise.allSettled(checks).then(() => {
      this.#isChecking = false;
    });
  }

  async #isUnpublished(site: number): Promise<boolean> {
    try {
      if ((await this.#parts.catalog.site(site)).newest === 0) return true;
    } catch (error) {
      if (!hasCode(error, 'no-such-site')) throw error;
    }
    this.#published.set(String(site), true);
    return false;
  }
}
