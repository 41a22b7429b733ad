import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { toSkerryError } from '../../shared/errors.ts';
import { backoffDelay } from '../../shared/retry.ts';
import { Wakeup } from '../../shared/wakeup.ts';
import type { EdgeCatalog, EdgeSite } from '../store/catalog.ts';
import { type SyncParts, syncSite } from './site-sync.ts';

const BACKOFF = { first: 250, most: 15_000 };

/** How one site's replication stands, for reports. */
export interface SiteProgress {
  readonly target: number;
  readonly pendingBytes: number;
  readonly error: string | null;
}

/**
 * One loop a site, so that the gigabytes of one delay no other: whenever a site's target is not what is active,
 * syncs it, then hands it over to be shown. A failure is retried with backoff, at once when the log moves.
 */
export class SiteLoops {
  readonly #parts: SyncParts & { readonly catalog: EdgeCatalog; readonly clock: Clock; readonly log: Logger };
  readonly #revealed: (site: EdgeSite) => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #running = new Map<number, Promise<void>>();
  readonly #wakeup = new Wakeup();
  readonly #progress = new Map<number, SiteProgress>();

  constructor(
    parts: SyncParts & { readonly catalog: EdgeCatalog; readonly clock: Clock; readonly log: Logger },
    /** Shows what has become active; resolves when it is visible. */
    revealed: (site: EdgeSite) => Promise<void>,
    signal: AbortSignal,
  ) {
    this.#parts = parts;
    this.#revealed = revealed;
    this.#signal = signal;
  }

  /** Starts what has something to do; call it whenever the log has moved. */
  async wake(): Promise<void> {
    for (const site of await this.#parts.catalog.sites()) {
      if (isCurrent(site) || this.#running.has(site.id)) continue;
      this.#running.set(site.id, this.#run(site.id));
    }
    this.#wakeup.wake();
  }

  progress(site: number): SiteProgress | undefined {
    return this.#progress.get(site);
  }

  /** Resolves when all loops have ended, after the signal. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  async #run(id: number): Promise<void> {
    const { catalog, log } = this.#parts;
    for (let attempt = 0; !this.#signal.aborted; ) {
      let site: EdgeSite | undefined;
      try {
        site = (await catalog.sites()).find((candidate) => candidate.id === id);
        if (site === undefined || isCurrent(site)) break;
        await this.#sync(site);
        attempt = 0;
      } catch (error) {
        if (this.#signal.aborted) break;
        log.warn({ err: error, site: site?.name, revision: site?.target.revision }, 'a site did not sync');
        if (site !== undefined) this.#note(site, { error: toSkerryError(error).message });
        await this.#wakeup.wait(backoffDelay(attempt++, BACKOFF), this.#signal);
      }
    }
    // In one step with what the loop saw last: a wake that saw more finds no loop here, and begins one.
    this.#progress.delete(id);
    this.#running.delete(id);
  }

  async #sync(site: EdgeSite): Promise<void> {
    await syncSite(
      this.#parts,
      site,
      (pendingBytes) => this.#note(site, { pendingBytes, error: null }),
      this.#signal,
    );
    await this.#revealed(site);
  }

  #note(site: EdgeSite, change: Partial<SiteProgress>): void {
    const before = this.#progress.get(site.id) ?? { pendingBytes: 0, error: null };
    this.#progress.set(site.id, { ...before, ...change, target: site.target.revision });
  }
}

export function isCurrent({ target, active }: EdgeSite): boolean {
  return target.revision === active.revision;
}
