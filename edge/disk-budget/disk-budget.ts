import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import type { Gate } from '../../shared/concurrency/gate.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { isPartialName } from '../../shared/store/layout.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { LogTime } from '../follow/log/log-time.ts';
import type { ReadersUse } from '../messages/use.ts';
import type { PartialObjects } from '../read-through/partial-objects.ts';
import type { DiskRoom } from '../read-through/read-through.ts';
import type { HeldObject, HeldObjects } from './held-objects.worker.ts';

/**
 * The interval at which the edge asks its serving processes which objects they have sent. If a process ends, only its
 * uses since the last request are lost.
 */
const NOTE_USE_MS = 30_000;
/** The time until the next attempt if every object is in use. */
const AGAIN_MS = 1000;
const REMOVED_AT_ONCE = 200;

export interface DiskBudgetParts {
  /** The disk space for all objects. They may exceed it only while objects that should be evicted are in use. */
  readonly bytes: number;
  readonly held: Remote<HeldObjects>;
  readonly store: ObjectStore;
  readonly partials: PartialObjects;
  readonly gate: Gate;
  /** Returns the objects that must not be evicted. */
  readonly pinned: (digests: readonly Digest[]) => Promise<ReadonlySet<Digest>>;
  readonly use: () => Promise<ReadersUse>;
  readonly clock: Clock;
  /** The time of the log, in which uses are recorded. */
  readonly time: Pick<LogTime, 'now'>;
  readonly log: Logger;
}

/** Keeps the objects of a lazy edge within a number of bytes. It evicts the least recently used ones. */
export class DiskBudget implements DiskRoom {
  readonly #parts: DiskBudgetParts;
  readonly #changed = new Wakeup();
  #bytes = 0;
  #evicted = 0;

  constructor(parts: DiskBudgetParts) {
    this.#parts = parts;
  }

  /** The bytes that are left. Negative while the objects exceed the budget. */
  get room(): number {
    return this.#parts.bytes - this.#bytes;
  }

  get status() {
    return { heldBytes: this.#bytes, budgetBytes: this.#parts.bytes, evictedObjects: this.#evicted };
  }

  /** Called when these objects have been stored on disk, or have grown. */
  async added(objects: readonly HeldObject[]): Promise<void> {
    this.#bytes = await this.#parts.held.add(objects, this.#parts.time.now());
    if (this.room < 0) this.#changed.wake();
  }

  async removed(digests: readonly Digest[]): Promise<void> {
    this.#bytes = await this.#parts.held.remove(digests);
  }

  /** Evicts objects whenever the budget is exceeded, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, held } = this.#parts;
    this.#bytes = await held.bytes();
    while (!signal.aborted) {
      const changed = this.#changed.wait(this.room < 0 ? AGAIN_MS : NOTE_USE_MS, signal);
      try {
        await this.#makeRoom(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, 'the disk budget could not be kept');
        await clock.sleep(1000, signal).catch(() => {});
      }
      await changed;
    }
  }

  async #makeRoom(signal: AbortSignal): Promise<void> {
    const { held, time, use } = this.#parts;
    const began = time.now();
    const { used, serving } = await use();
    await held.use(used);
    const inUse = new Set(serving);
    while (this.room < 0 && !signal.aborted) {
      const candidates = await held.leastUsed(began, REMOVED_AT_ONCE);
      // All other objects are in use or must stay. Some of them can be evicted once they have been sent.
      if (candidates.length === 0) return;
      await this.#evict(candidates, inUse, began);
    }
  }

  async #evict(candidates: readonly HeldObject[], serving: ReadonlySet<Digest>, now: number): Promise<void> {
    const { held, store, partials, gate, pinned } = this.#parts;
    const staying: Digest[] = [];
    const going: Digest[] = [];
    // Eviction holds the gate exclusively. So it cannot remove an object that a sync has just found and is about to
    // pin.
    await gate.alone(async () => {
      const kept = await pinned(candidates.map(({ digest }) => digest));
      let over = -this.room;
      for (const { digest, size } of candidates) {
        if (over <= 0) break;
        if (serving.has(digest) || kept.has(digest) || !(await partials.drop(digest))) {
          staying.push(digest);
          continue;
        }
        going.push(digest);
        over -= size;
      }
      await store.remove(going);
      await this.removed(going);
    });
    this.#evicted += going.length;
    await held.use(staying.map((digest) => [digest, now]));
  }
}

/** A store whose objects count towards the budget, together with the partial objects. */
export function budgeted(store: ObjectStore, budget: DiskBudget, partials: PartialObjects): ObjectStore {
  return {
    ...store,
    async putSmall(objects) {
      await store.putSmall(objects);
      await budget.added(objects.map(({ digest, bytes }) => ({ digest, size: bytes.length })));
    },
    async draft(name) {
      const draft = await store.draft(name);
      return {
        ...draft,
        // This is a getter, because the draft grows, and a copied value would become outdated.
        get size() {
          return draft.size;
        },
        async keep(digest) {
          const { size } = draft;
          await draft.keep(digest);
          if (!isPartialName(name)) await partials.discard(digest);
          await budget.added([{ digest, size }]);
        },
      };
    },
    async remove(digests) {
      for (const digest of digests) await partials.discard(digest);
      await store.remove(digests);
      await budget.removed(digests);
    },
  };
}
