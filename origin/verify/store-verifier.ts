import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { Bandwidth } from '../../shared/concurrency/bandwidth.ts';
import type { Gate } from '../../shared/concurrency/gate.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { faultyObjects, isUnreadable } from '../../shared/store/damaged-objects.ts';
import type { Rest } from '../../shared/store/digest-of-stream.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { pace } from '../../shared/store/pace.ts';
import type { NewEvent } from '../../shared/wire/event.ts';
import { MOST_NAMED_OBJECTS, type StoreStatus } from '../../shared/wire/store-api.ts';
import { caller } from '../callers/caller.ts';
import type { DamageCalls, DamagedObject, StoredPart, StorePass } from '../catalog/damage-calls.ts';

/** The time from the end of a pass to the next one: a day. */
const PASS_EVERY_MS = 24 * 3_600_000;
/** The speed of a pass that nobody requested. It is low, so that it hardly slows down a disk that serves edges. */
const BYTES_PER_SECOND = 16 * 1024 * 1024;
/** The place in the pass is saved after this many objects. After a restart, the pass continues there. */
const PAGE = 64;
const RETRY_MS = 30_000;
/**
 * The maximum number of events about damage that a pass causes while it runs. The event at its end counts all damage.
 */
const MOST_EVENTS = 100;
/** A disk or a mount may fail for a while, so an unreadable object is read again after this time. */
const DOUBT_MS = 60_000;
/** When this many objects are in doubt, the pass waits until they have been read again. */
const MOST_DOUBTED = 1000;

export interface StoreVerifierParts {
  readonly catalog: Pick<
    Remote<DamageCalls>,
    | 'storedParts'
    | 'unchanged'
    | 'noteDamaged'
    | 'noteSound'
    | 'damaged'
    | 'damagedAmong'
    | 'damagedCount'
    | 'storePass'
    | 'saveStorePass'
  >;
  readonly store: Pick<ObjectStore, 'readSmall' | 'open' | 'remove'>;
  /** Uploads share this gate, so that no upload stores an object again while it is being removed. */
  readonly gate: Gate;
  readonly note: (event: NewEvent) => void;
  /** Called when damage was found. */
  readonly found: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Reads all objects of the store, again and again, and compares them with their digests. If the bytes of an object do
 * not match, the verifier removes it from the store at once, so that no edge receives it. An object that is missing or
 * that the disk cannot read is read again later, and stays where it is if the disk still cannot read it. The catalog
 * notes that both must be stored again.
 */
export class StoreVerifier {
  readonly #parts: StoreVerifierParts;
  readonly #asked = new Wakeup();
  #pass: StorePass | null;
  /** The number of the pass that was requested. Such a pass is not limited to the usual speed. */
  #urgent = 0;
  #events = 0;
  /** The objects that could not be read, and when they are read again, earliest first. */
  readonly #doubted = new Map<Digest, { readonly part: StoredPart; readonly due: number }>();

  private constructor(parts: StoreVerifierParts, pass: StorePass | null) {
    this.#parts = parts;
    this.#pass = pass;
  }

  static async open(parts: StoreVerifierParts): Promise<StoreVerifier> {
    return new StoreVerifier(parts, await parts.catalog.storePass());
  }

  /** Begins a pass at the first object, or joins one that another caller has requested. */
  async verifyNow(): Promise<StoreStatus> {
    const isUnderWay = this.#pass?.number === this.#urgent && this.#pass.ended === null;
    if (!isUnderWay) {
      this.#begin();
      this.#urgent = this.#pass?.number ?? 0;
      this.#asked.wake();
    }
    return this.status();
  }

  async status(): Promise<StoreStatus> {
    const damaged = await this.#parts.catalog.damagedCount();
    if (this.#pass === null) return { damaged, pass: null };
    const { after: _place, ...pass } = this.#pass;
    return { damaged, pass };
  }

  /** Verifies until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#parts;
    const bandwidth = new Bandwidth(BYTES_PER_SECOND, clock);
    const paced = pace(clock, signal);
    const rest: Rest = async (bytes) => {
      if (this.#urgent !== this.#pass?.number) await bandwidth.take(bytes, signal).catch(() => {});
      await paced(bytes);
    };
    while (!signal.aborted) {
      const woken = this.#asked.wait(RETRY_MS, signal);
      try {
        await caller.run({ name: 'verify' }, () => this.#passes(signal, rest));
      } catch (err) {
        if (!signal.aborted) log.error({ err }, 'the store could not be verified; the origin tries again');
      }
      await woken;
    }
  }

  /** Reads pages of passes until no pass is due. */
  async #passes(signal: AbortSignal, rest: Rest): Promise<void> {
    for (;;) {
      const now = this.#parts.clock.now();
      const ended = this.#pass?.ended ?? null;
      const isDue = this.#pass === null || (ended !== null && (now - ended >= PASS_EVERY_MS || now < ended));
      if (isDue) this.#begin();
      else if (ended !== null) return;
      if (this.#pass !== null) await this.#page(this.#pass, signal, rest);
    }
  }

  #begin(): void {
    const number = (this.#pass?.number ?? 0) + 1;
    const began = this.#parts.clock.now();
    this.#events = 0;
    this.#pass = { number, began, ended: null, after: 0, objects: 0, bytes: 0, damaged: 0 };
  }

  async #page(pass: StorePass, signal: AbortSignal, rest: Rest): Promise<void> {
    const { catalog, store, clock } = this.#parts;
    if (pass.after === 0) await this.#lookAgain(signal, rest);
    const { parts, next } = await catalog.storedParts(pass.after, PAGE);
    const faulty = await faultyObjects(store, parts, signal, rest);
    const differing = faulty.filter(({ fault }) => fault === 'differs').map(({ object }) => object);
    const damaged = await this.#lost(differing, signal);
    for (const { object, fault } of faulty) if (fault !== 'differs') this.#doubt(object);
    damaged.push(...(await this.#settleDoubts(next === undefined, signal)));
    const read: StorePass = {
      ...pass,
      after: next ?? pass.after,
      ended: next === undefined ? clock.now() : null,
      objects: pass.objects + parts.length,
      bytes: pass.bytes + parts.reduce((sum, { size }) => sum + size, 0),
      damaged: pass.damaged + damaged.length,
    };
    if (damaged.length > 0) this.#tell(read, damaged);
    // A pass that continues after a crash must read again the objects that were in doubt.
    if (this.#doubted.size === 0) await catalog.saveStorePass(read);
    // A caller may have requested a pass in the meantime. That pass begins at the first object.
    if (this.#pass === pass) this.#pass = read;
    if (read.ended !== null) this.#tellEnd(read);
  }

  #doubt(part: StoredPart): void {
    if (!this.#doubted.has(part.digest))
      this.#doubted.set(part.digest, { part, due: this.#parts.clock.monotonic() + DOUBT_MS });
  }

  /**
   * Reads the objects in doubt again when they are due, and returns those that are lost. Waits for this at the end of a
   * pass.
   */
  async #settleDoubts(isEnd: boolean, signal: AbortSignal): Promise<Digest[]> {
    const { clock } = this.#parts;
    const mustEnd = isEnd || this.#doubted.size >= MOST_DOUBTED;
    const last = [...this.#doubted.values()].at(-1)?.due ?? 0;
    if (mustEnd && last > clock.monotonic()) await clock.sleep(last - clock.monotonic(), signal);
    const due = [...this.#doubted.values()].filter((doubt) => mustEnd || doubt.due <= clock.monotonic());
    const lost = await this.#lost(
      due.map(({ part }) => part),
      signal,
    );
    for (const { part } of due) this.#doubted.delete(part.digest);
    return lost;
  }

  /**
   * Records the objects that still have a fault as damaged, except those that were uploaded again or deleted since they
   * were read.
   */
  async #lost(parts: readonly StoredPart[], signal: AbortSignal): Promise<Digest[]> {
    const { catalog } = this.#parts;
    const lost: Digest[] = [];
    for (const part of parts) {
      const isMeant = async () => (await catalog.unchanged([part])).length > 0;
      if (await this.#quarantine(part, isMeant, signal)) lost.push(part.digest);
    }
    return lost;
  }

  /**
   * Reads an object a last time, while uploads cannot store it. So no object is lost because of a temporary fault or
   * because the clock was set back. The store is changed before the catalog. If a crash happens in between, the pass
   * continues at this page and finds the object missing. An object that the disk cannot read stays, because it may be
   * intact.
   */
  #quarantine(object: DamagedObject, isMeant: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    const { catalog, store, gate, clock } = this.#parts;
    return gate.alone(async () => {
      if (!(await isMeant())) return false;
      const [faulty] = await faultyObjects(store, [object], signal);
      if (faulty === undefined) return false;
      // A bucket's index also forgets an absent object, so that it can be stored again.
      if (faulty.fault !== 'unreadable') await this.#remove(object.digest);
      await catalog.noteDamaged([object], clock.now());
      return true;
    });
  }

  async #remove(digest: Digest): Promise<void> {
    const { store, log } = this.#parts;
    try {
      await store.remove([digest]);
    } catch (err) {
      if (!isUnreadable(err)) throw err;
      log.error({ err, digest }, 'a damaged object cannot be removed; edges refuse its bytes');
    }
  }

  /**
   * Checks damaged objects again, because an operator may have restored them, for example from a backup, or the disk
   * may be able to read them again.
   */
  async #lookAgain(signal: AbortSignal, rest: Rest): Promise<void> {
    const { catalog, store, note } = this.#parts;
    for (let after: Digest | null = null; ; ) {
      const page: readonly DamagedObject[] = await catalog.damaged(after, PAGE);
      const faulty = await faultyObjects(store, page, signal, rest);
      const bad = new Set(faulty.map(({ object }) => object.digest));
      for (const { object, fault } of faulty) {
        const isMeant = async () => (await catalog.damagedAmong([object.digest])).length > 0;
        if (fault === 'differs') await this.#quarantine(object, isMeant, signal);
      }
      const sound = page.map(({ digest }) => digest).filter((digest) => !bad.has(digest));
      const noted = sound.length === 0 ? [] : await catalog.noteSound(sound);
      if (noted.length > 0)
        note({ kind: 'store-repaired', cause: 'the store has the objects again', what: named(noted) });
      after = page.at(-1)?.digest ?? null;
      if (page.length < PAGE) return;
    }
  }

  #tell({ number }: StorePass, digests: readonly Digest[]): void {
    const { note, found, log } = this.#parts;
    log.error(
      { objects: digests.length, digests: digests.slice(0, MOST_NAMED_OBJECTS) },
      'the store is damaged',
    );
    if (this.#events++ < MOST_EVENTS)
      note({ kind: 'store-damaged', cause: `pass ${number} over the store`, what: named(digests) });
    found();
  }

  #tellEnd({ number, objects, bytes, damaged }: StorePass): void {
    if (objects === 0) return;
    this.#parts.note({
      kind: 'store-verified',
      cause: `pass ${number} over the store has ended`,
      what: { objects, bytes, damaged },
    });
  }
}

const named = (digests: readonly Digest[]) => ({
  objects: digests.length,
  digests: digests.slice(0, MOST_NAMED_OBJECTS),
});
