import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import type { Gate } from '../../shared/concurrency/gate.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { PurgeTarget } from '../../shared/site/purge.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';
import type { LogTime } from '../follow/log/log-time.ts';
import type { ReadersUse } from '../messages/use.ts';
import type { PartialObjects } from '../read-through/partial-objects.ts';
import type { ReadThrough } from '../read-through/read-through.ts';
import { readThroughStore } from '../read-through/read-through-store.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import { budgeted, DiskBudget } from './disk-budget.ts';
import { dropPurged } from './drop-purged.ts';
import type { HeldObjects } from './held-objects.worker.ts';
import { HotObjects } from './hot-objects.ts';
import { ObjectUse } from './object-use.ts';
import { pinnedAmong } from './pinned.ts';

/** The options of a lazy edge. */
export interface LazyOptions {
  /** The disk budget. */
  readonly bytes: number;
  readonly held: Remote<HeldObjects>;
  /** The folder of the object store. */
  readonly folder: string;
  /** Returns the objects that were sent to readers since the last call. */
  readonly use: () => Promise<ReadersUse>;
}

interface LazyParts extends LazyOptions {
  readonly catalog: EdgeCatalog;
  readonly store: ObjectStore;
  readonly partials: PartialObjects;
  readonly gate: Gate;
  readonly limits: EdgeLimits;
  readonly clock: Clock;
  readonly time: Pick<LogTime, 'now'>;
  readonly log: Logger;
}

/** The objects of a lazy edge, which holds those that readers request, within a budget. */
export class LazyStorage {
  readonly budget: DiskBudget;
  /** The object store. Its objects count towards the budget. */
  readonly store: ObjectStore;
  readonly #parts: LazyParts;
  /**
   * Counts the requests of this edge's own readers. Child edges report their own readers' requests to the origin
   * themselves.
   */
  readonly hot: HotObjects;
  readonly #childrenUse: ObjectUse;

  constructor(parts: LazyParts) {
    this.#parts = parts;
    this.hot = new HotObjects(parts.catalog, parts.clock);
    this.#childrenUse = new ObjectUse(() => parts.time.now());
    this.budget = new DiskBudget({ ...parts, pinned: this.#pinned, use: this.#use });
    this.store = budgeted(parts.store, this.budget, parts.partials);
  }

  /** The store as a child sees it. */
  storeForChild(member: string, reads: ReadThrough): ObjectStore {
    const { folder, catalog } = this.#parts;
    return readThroughStore({
      member: `member ${member}`,
      folder,
      catalog,
      store: this.store,
      reads,
      use: this.#childrenUse,
    });
  }

  /** Removes the objects that only purged paths name. Returns the removed ones. */
  dropPurged(
    site: number,
    target: PurgeTarget,
    matches: (path: string) => boolean,
    signal: AbortSignal,
  ): Promise<Digest[]> {
    const { catalog, gate, partials } = this.#parts;
    const parts = { catalog, store: this.store, partials, gate, pinned: this.#pinned };
    return dropPurged(parts, site, target, matches, signal);
  }

  /** The uses by readers and by children. */
  readonly #use = async (): Promise<ReadersUse> => {
    const { used, serving } = await this.#parts.use();
    // Freeing disk space matters more than reporting hot objects, so an error with hot objects is only logged.
    await this.hot
      .sampled(used)
      .catch((err) => this.#parts.log.warn({ err }, 'the edge could not list its hot objects'));
    return { used: [...used, ...this.#childrenUse.take().used], serving };
  };

  readonly #pinned = (digests: readonly Digest[]) =>
    pinnedAmong(this.#parts.catalog, this.#parts.limits, digests);
}
