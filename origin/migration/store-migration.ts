import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import type { Gate } from '../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { faultyObjects } from '../../shared/store/damaged-objects.ts';
import type { Rest } from '../../shared/store/digest-of-stream.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { pace } from '../../shared/store/pace.ts';
import type { NewEvent } from '../../shared/wire/event.ts';
import type { MigrationStatus } from '../../shared/wire/store-api.ts';
import { caller } from '../callers/caller.ts';
import type { DamageCalls, StoredAmount, StoredPart } from '../catalog/damage-calls.ts';
import { copyObjects } from '../store/copy-objects.ts';
import type { MovingStore } from '../store/moving-store.ts';
import type { Place } from '../store/place.ts';
import { begun, dropping, leaving, moved, type StorePlaces } from '../store/places-state.ts';
import { moveProgress } from './move-progress.ts';

/** Objects that are copied and checked together. The small ones among them share a pack in a bucket. */
const COPIED_AT_ONCE = 256;
const COMPARED_AT_ONCE = 2000;
const RETRY_MS = 5000;
const IDLE_MS = 24 * 3_600_000;
const NOTHING: StoredAmount = { objects: 0, bytes: 0 };

export interface StoreMigrationParts {
  readonly catalog: Pick<Remote<DamageCalls>, 'storedParts' | 'storedAmount' | 'unchanged'>;
  readonly store: MovingStore;
  /** Uploads share this gate from before they write until the catalog knows their objects. */
  readonly gate: Gate;
  readonly place: (url: string) => Place;
  readonly save: (places: StorePlaces) => Promise<void>;
  /** Has the store verified, because an object in it is damaged. */
  readonly verify: () => void;
  readonly note: (event: NewEvent) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Moves the objects to another store while the origin runs. From the begin of a move, each upload goes to both stores.
 * Meanwhile the move copies all other objects and reads each copy again. Then it looks whether the new store has all
 * objects of the catalog, and switches. The earlier store is kept as it is until somebody has it deleted.
 *
 * After a crash, the move begins at the first object again, and finds most of them copied.
 */
export class StoreMigration {
  readonly #parts: StoreMigrationParts;
  readonly #woken = new Wakeup();
  readonly #changes = new KeyedLock<'places'>();
  #places: StorePlaces;
  /** What was compared or copied since the last start, of all that there was then. */
  #moved: StoredAmount = NOTHING;
  #all: StoredAmount = NOTHING;
  #began = 0;
  #error: string | null = null;
  /** Aborts the move that is under way when it is cancelled. */
  #move = new AbortController();
  /** The store before the last switch, which answers the reads that had begun. */
  #before: ObjectStore | undefined;

  constructor(parts: StoreMigrationParts, places: StorePlaces) {
    this.#parts = parts;
    this.#places = places;
  }

  status(): MigrationStatus {
    const { store, other } = this.#places;
    const isMoving = other?.role === 'target';
    return {
      store,
      other: other && { ...other },
      progress: isMoving
        ? moveProgress(this.#moved, this.#all, this.#parts.clock.monotonic() - this.#began)
        : null,
      error: other === null || other.role === 'kept' ? null : this.#error,
    };
  }

  /**
   * Begins a move to this place, or joins the one that is under way. Throws `bad-config`, `store-unchanged`,
   * `store-busy`, `store-not-empty` and `store-unreachable`.
   */
  async begin(url: string): Promise<void> {
    const place = this.#parts.place(url);
    const next = begun(this.#places, place.url);
    // A move that waits after an error tries again at once.
    if (next === this.#places) return this.#woken.wake();
    if (!(await place.isEmpty()))
      throw new SkerryError('store-not-empty', `there are objects in ${place.url}, and not of this move`);
    const all = await this.#parts.catalog.storedAmount();
    await this.#change((places) => begun(places, place.url));
    this.#beginProgress(all);
    this.#move = new AbortController();
    this.#woken.wake();
  }

  /** Ends the move, and deletes what it has copied. Throws `store-unchanged` when there is none. */
  async cancel(): Promise<void> {
    await this.#drop('target');
  }

  /** Deletes the objects of the earlier store. Throws `store-unchanged` when there is none. */
  async dropOld(): Promise<void> {
    await this.#drop('kept');
  }

  /** Forgets the second place and leaves its objects there, for instance because it cannot be reached any more. */
  async forget(): Promise<void> {
    await this.#change(leaving);
    this.#move.abort();
    this.#woken.wake();
  }

  async #drop(role: 'target' | 'kept'): Promise<void> {
    await this.#change((places) => dropping(places, role));
    this.#move.abort();
    this.#woken.wake();
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const role = this.#places.other?.role ?? 'kept';
      const woken = this.#woken.wait(role === 'kept' ? IDLE_MS : RETRY_MS, signal);
      try {
        await caller.run({ name: 'migration' }, () => this.#step(signal));
        this.#error = null;
      } catch (error) {
        if (signal.aborted) break;
        this.#failed(error);
      }
      await woken;
    }
    await this.#before?.close();
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { other } = this.#places;
    const move = this.#move.signal;
    if (other?.role === 'target')
      await this.#moveTo(other.url, AbortSignal.any([signal, move])).catch((error: unknown) => {
        if (!move.aborted) throw error;
      });
    // A move that was cancelled has ended by now.
    const { role, url } = this.#places.other ?? {};
    if (url !== undefined && (role === 'dropping' || role === 'leaving')) await this.#leave(url, role);
  }

  async #moveTo(url: string, signal: AbortSignal): Promise<void> {
    const { catalog, store, gate, clock, note } = this.#parts;
    const target = store.mirror ?? (await this.#attach(url));
    const rest = pace(clock, signal);
    this.#beginProgress(await catalog.storedAmount());
    await this.#copyAll(target, signal, rest);
    while ((await this.#copyLacking(target, signal, rest)) > 0);
    await gate.alone(async () => {
      signal.throwIfAborted();
      // If an upload did not reach the target, the objects must be compared again.
      if (store.mirror !== target) throw this.#interrupted();
      await this.#change(moved);
      this.#before = store.switchToMirror();
    });
    note({ kind: 'store-migrated', cause: 'all objects are there', what: { to: url, ...this.#moved } });
  }

  #beginProgress(all: StoredAmount): void {
    this.#moved = NOTHING;
    this.#all = all;
    this.#began = this.#parts.clock.monotonic();
  }

  /** From now on, uploads reach both stores. */
  async #attach(url: string): Promise<ObjectStore> {
    const { store, gate, place } = this.#parts;
    const target = await place(url).open();
    await gate.alone(async () =>
      store.mirrorTo(target, (error) => {
        this.#failed(error);
        void target.close().catch(() => {});
      }),
    );
    return target;
  }

  async #copyAll(target: ObjectStore, signal: AbortSignal, rest: Rest): Promise<void> {
    let after: number | undefined = 0;
    while (after !== undefined) {
      const { parts, next } = await this.#parts.catalog.storedParts(after, COPIED_AT_ONCE);
      await this.#copy(target, parts, signal, rest);
      this.#moved = {
        objects: this.#moved.objects + parts.length,
        bytes: this.#moved.bytes + parts.reduce((sum, { size }) => sum + size, 0),
      };
      after = next;
    }
  }

  /** Copies the objects that the target does not have, and returns their number. */
  async #copyLacking(target: ObjectStore, signal: AbortSignal, rest: Rest): Promise<number> {
    let lacking = 0;
    let after: number | undefined = 0;
    while (after !== undefined) {
      signal.throwIfAborted();
      const { parts, next } = await this.#parts.catalog.storedParts(after, COMPARED_AT_ONCE);
      const missing = new Set(await target.missing(parts.map(({ digest }) => digest)));
      const absent = parts.filter(({ digest }) => missing.has(digest));
      for (let i = 0; i < absent.length; i += COPIED_AT_ONCE)
        await this.#copy(target, absent.slice(i, i + COPIED_AT_ONCE), signal, rest);
      lacking += absent.length;
      after = next;
    }
    return lacking;
  }

  /** Copies those of the objects that the target does not have whole, and reads the copies. */
  async #copy(
    target: ObjectStore,
    parts: readonly StoredPart[],
    signal: AbortSignal,
    rest: Rest,
  ): Promise<void> {
    const { store, gate, catalog } = this.#parts;
    const faulty = await faultyObjects(target, parts, signal, rest);
    const differing = faulty.filter(({ fault }) => fault !== 'absent').map(({ object }) => object.digest);
    if (differing.length > 0) await gate.alone(() => target.remove(differing));
    if (faulty.length === 0) return;
    // While this shares the gate, no sweep deletes an object that is being copied.
    await gate.shared(async () => {
      if (store.mirror !== target) throw this.#interrupted();
      const wanted = await catalog.unchanged(faulty.map(({ object }) => object));
      await copyObjects(
        store.main,
        target,
        wanted.map(({ digest }) => digest),
        signal,
      );
      const left = await faultyObjects(target, wanted, signal, rest);
      if (left.length === 0) return;
      const lost = await faultyObjects(
        store.main,
        left.map(({ object }) => object),
        signal,
        rest,
      );
      if (lost.length < left.length)
        throw new SkerryError('store-unreachable', 'the new store does not give back what was written to it');
      this.#parts.verify();
      throw new SkerryError(
        'data-folder-damaged',
        `${lost.length} objects of the store are damaged. The origin verifies the store and then goes on without them, until edges have sent them`,
      );
    });
  }

  async #leave(url: string, role: 'dropping' | 'leaving'): Promise<void> {
    const { store, gate, place, note } = this.#parts;
    await gate.alone(() => store.endMirror());
    await this.#before?.close();
    this.#before = undefined;
    if (role === 'dropping') await place(url).clear();
    await this.#change((places) => ({ ...places, other: null }));
    const cause = role === 'dropping' ? 'its objects were deleted' : 'its objects stay where they are';
    note({ kind: 'store-dropped', cause, what: { store: url } });
  }

  /** Changes follow one another, so that each begins with the places that the one before has stored. */
  #change(change: (places: StorePlaces) => StorePlaces): Promise<void> {
    return this.#changes.run('places', async () => {
      const next = change(this.#places);
      await this.#parts.save(next);
      this.#places = next;
    });
  }

  #failed(err: unknown): void {
    this.#error = err instanceof Error ? err.message : String(err);
    this.#parts.log.warn({ err }, 'the objects could not be moved; the origin tries again');
  }

  #interrupted(): SkerryError {
    return new SkerryError('store-unreachable', this.#error ?? 'an upload did not reach the new store');
  }
}
