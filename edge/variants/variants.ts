import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Entry } from '../../shared/content/entry.ts';
import type { DiffCursor } from '../../shared/content/manifest/reading.ts';
import { moduleUrl } from '../../shared/process/module-url.ts';
import { type Remote, STAYS, startThreads } from '../../shared/process/thread.ts';
import type { VariantRequest } from '../messages/use.ts';
import type { SiteView } from '../messages/views.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import { isCompressible } from './compressible.ts';
import { CODINGS } from './encode.ts';
import type { ContentCoding } from './variant.ts';
import { VariantQueue } from './variant-queue.ts';
import type { VariantsPlace, VariantThread } from './variants.worker.ts';

/**
 * After each encoding, the thread rests for this many times the duration of the encoding. So it takes a quarter of a
 * core, at the lowest priority.
 */
const REST = 3;
/** Variants that no reader has requested are made only when no revision has become visible for this long. */
const SETTLED_MS = 5000;
const ENTRIES_PER_PAGE = 200;
/** Serving processes are told of new variants at this interval, not separately of each variant. */
const TELL_EVERY_MS = 500;
const IDLE_MS = 60_000;

/** The endings of files that are published in compressed form, next to their original. */
const ENDINGS: Readonly<Record<ContentCoding, string>> = { br: '.br', gzip: '.gz', zstd: '.zst' };

export interface VariantsParts {
  readonly place: VariantsPlace;
  readonly catalog: EdgeCatalog;
  /** A lazy edge lacks most objects, so it makes only the variants that readers request. */
  readonly isLazy: boolean;
  /** Called with the objects whose variants have changed. */
  readonly changed: (sources: readonly Digest[]) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Makes compressed variants of the objects that this edge serves, after a revision has become visible: first those that
 * readers request, then all others. Readers get the plain bytes until a variant is ready.
 */
export class Variants {
  readonly #parts: VariantsParts;
  readonly #thread: Remote<VariantThread>;
  readonly #closeThread: () => Promise<void>;
  readonly #stopping = new AbortController();
  readonly #work = new Wakeup();
  readonly #wanted = new VariantQueue();
  readonly #untold = new Set<Digest>();
  /** For each site, the revision whose variants have been made. The thread stores it, too. */
  #lookedThrough = new Map<number, number>();
  #told = 0;
  #shownAt = 0;
  #views: readonly SiteView[] = [];
  #running: Promise<void> = Promise.resolve();

  private constructor(parts: VariantsParts) {
    const thread = startThreads<VariantThread>(
      moduleUrl('./variants.worker', import.meta.url),
      1,
      parts.place,
      STAYS,
    );
    this.#parts = parts;
    this.#thread = thread.remote;
    this.#closeThread = thread.close;
  }

  /** Resolves when serving processes can read the file of variants. */
  static async open(parts: VariantsParts): Promise<Variants> {
    const variants = new Variants(parts);
    await variants.#thread.isFull();
    return variants;
  }

  start(): void {
    this.#running = this.#makeAll();
  }

  /** Called when these revisions have become visible to readers. */
  shown(views: readonly SiteView[]): void {
    // Variants of drafts are made when readers ask for them.
    this.#views = views.filter(({ alias }) => alias === null);
    this.#lookedThrough = new Map(
      [...this.#lookedThrough].filter(([site]) => views.some(({ id }) => id === site)),
    );
    this.#shownAt = this.#parts.clock.monotonic();
    this.#work.wake();
  }

  wanted(entries: readonly VariantRequest[]): void {
    this.#wanted.add(entries);
    this.#work.wake();
  }

  /** Called when the store has removed these objects. */
  async forget(digests: readonly Digest[]): Promise<void> {
    if (digests.length === 0) return;
    this.#parts.changed([...digests, ...(await this.#thread.forget(digests))]);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#work.wake();
    await this.#running;
    await this.#thread.close();
    await this.#closeThread();
  }

  async #makeAll(): Promise<void> {
    const { clock, log, isLazy } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const settles = this.#shownAt + SETTLED_MS - clock.monotonic();
      const changed = this.#work.wait(settles > 0 ? settles : IDLE_MS, signal);
      try {
        await this.#makeWanted();
        if (settles <= 0 && !isLazy) for (const view of this.#views) await this.#makeSite(view);
        this.#tell();
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'compressed variants could not be made');
        await clock.sleep(IDLE_MS, signal).catch(() => {});
      }
      if (!signal.aborted) await changed;
    }
  }

  async #makeWanted(): Promise<void> {
    for (let wanted = this.#wanted.next(); wanted !== undefined; wanted = this.#wanted.next()) {
      if (this.#stopping.signal.aborted) return;
      const { site, revision, path } = wanted;
      const entry = await this.#parts.catalog.entryAt(site, revision, path as ContentPath);
      if (entry !== undefined) await this.#make(site, revision, entry);
    }
  }

  /** Makes the variants of the entries that have changed in the site since the last time, as long as there is room. */
  async #makeSite({ id, revision }: SiteView): Promise<void> {
    if (revision === 0 || this.#lookedThrough.get(id) === revision) return;
    const { catalog } = this.#parts;
    const from = await this.#thread.progress(id);
    if (from === revision) {
      this.#lookedThrough.set(id, revision);
      return;
    }
    // A diff from a pruned revision would be incomplete, so the whole site is read instead.
    const base = (await catalog.held(id)).includes(from) ? from : 0;
    let after: DiffCursor | undefined;
    do {
      const page = await catalog.diffPage(id, base, revision, after, ENTRIES_PER_PAGE);
      const entries = page.changes.flatMap((change) => (change.kind === 'put' ? [change.entry] : []));
      const undecided = new Set(
        await this.#thread.undecided(entries.filter(isCompressible).map(({ digest }) => digest)),
      );
      for (const entry of entries) {
        await this.#makeWanted();
        if (this.#stopping.signal.aborted || this.#isSuperseded(id, revision)) return;
        if (!undecided.delete(entry.digest) || (await this.#thread.isFull())) continue;
        await this.#make(id, revision, entry);
      }
      after = page.next;
    } while (after !== undefined);
    await this.#thread.setProgress(id, revision);
    this.#lookedThrough.set(id, revision);
  }

  #isSuperseded(site: number, revision: number): boolean {
    return this.#views.find(({ id }) => id === site)?.revision !== revision;
  }

  async #make(site: number, revision: number, entry: Entry): Promise<void> {
    if (!isCompressible(entry)) return;
    const { catalog, clock } = this.#parts;
    const { signal } = this.#stopping;
    for (const coding of CODINGS) {
      if (signal.aborted) return;
      const sibling = await catalog.entryAt(site, revision, `${entry.path}${ENDINGS[coding]}` as ContentPath);
      const { changed, ms } = await this.#thread.make(entry.digest, entry.size, coding, sibling);
      for (const source of changed) this.#untold.add(source);
      if (clock.monotonic() - this.#told > TELL_EVERY_MS) this.#tell();
      await clock.sleep(ms * REST, signal).catch(() => {});
    }
  }

  #tell(): void {
    if (this.#untold.size > 0) this.#parts.changed([...this.#untold]);
    this.#untold.clear();
    this.#told = this.#parts.clock.monotonic();
  }
}
