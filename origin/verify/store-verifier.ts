import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { Bandwidth } from '../../shared/concurrency/bandwidth.ts';
import type { Gate } from '../../shared/concurrency/gate.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { damagedObjects } from '../../shared/store/damaged-objects.ts';
import type { Rest } from '../../shared/store/digest-of-stream.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { pace } from '../../shared/store/pace.ts';
import type { NewEvent } from '../../shared/wire/event.ts';
import { MOST_NAMED_OBJECTS, type StoreStatus } from '../../shared/wire/store-api.ts';
import { caller } from '../callers/caller.ts';
import type { DamageCalls, StoredPart, StorePass } from '../catalog/damage-calls.ts';

/** A pass begins this long after the end of the last one: a day. */
const PASS_EVERY_MS = 24 * 3_600_000;
/** The speed of a pass that nobody waits for. A disk that serves edges hardly notices it. */
const BYTES_PER_SECOND = 16 * 1024 * 1024;
/** The place in the pass is saved after this many objects. After a restart, the pass continues there. */
const PAGE = 64;
const RETRY_MS = 30_000;
/** One pass notes at most this many events about damage while it runs. The event at its end counts all damage. */
const MOST_EVENTS = 100;

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
  readonly store: Pick<ObjectStore, 'missing' | 'readSmall' | 'open' | 'remove'>;
  /** Uploads share this gate, so that nobody stores an object again while it is being removed. */
  readonly gate: Gate;
  readonly note: (event: NewEvent) => void;
  /** Called when damage was found. */
  readonly found: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Reads all objects of the store, again and again, and compares them with their digests. A damaged object leaves the
 * store at once, so that nobody receives it, and the catalog notes that it must be stored again.
 */
export class StoreVerifier {
  readonly #parts: StoreVerifierParts;
  readonly #asked = new Wakeup();
  #pass: StorePass | null;
  /** The number of a pass that somebody waits for. It is not slowed down to the usual rate. */
  #urgent = 0;
  #events = 0;

  private constructor(parts: StoreVerifierParts, pass: StorePass | null) {
    this.#parts = parts;
    this.#pass = pass;
  }

  static async open(parts: StoreVerifierParts): Promise<StoreVerifier> {
    return new StoreVerifier(parts, await parts.catalog.storePass());
  }

  /** Begins a pass at the first object, or joins one that somebody else has asked for. */
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
    const suspected = await damagedObjects(store, parts, signal, rest);
    // Each suspected object is read a second time, because the fault may be in memory and not on the disk.
    const damaged = suspected.length === 0 ? [] : await damagedObjects(store, suspected, signal, rest);
    const removed = damaged.length === 0 ? [] : await this.#remove(damaged);
    const read: StorePass = {
      ...pass,
      after: next ?? pass.after,
      ended: next === undefined ? clock.now() : null,
      objects: pass.objects + parts.length,
      bytes: pass.bytes + parts.reduce((sum, { size }) => sum + size, 0),
      damaged: pass.damaged + removed.length,
    };
    if (removed.length > 0) this.#tell(read, removed);
    await catalog.saveStorePass(read);
    // Somebody may have asked for a pass in the meantime. That pass begins at the first object.
    if (this.#pass === pass) this.#pass = read;
    if (read.ended !== null) this.#tellEnd(read);
  }

  /**
   * Removes damaged objects, except those that were uploaded or deleted since they were read. The store is changed
   * before the catalog. If a crash comes in between, the pass continues at this page and finds the objects missing.
   */
  #remove(damaged: readonly StoredPart[]): Promise<Digest[]> {
    const { catalog, store, gate, clock } = this.#parts;
    return gate.alone(async () => {
      const same = await catalog.unchanged(damaged);
      const digests = same.map(({ digest }) => digest);
      await store.remove(digests);
      await catalog.noteDamaged(same, clock.now());
      return digests;
    });
  }

  /**
   * Checks damaged objects again, because somebody may have put them back into the store, from a backup for instance.
   */
  async #lookAgain(signal: AbortSignal, rest: Rest): Promise<void> {
    const { catalog, store, gate, note } = this.#parts;
    for (let after: Digest | null = null; ; ) {
      const page = await catalog.damaged(after, PAGE);
      const absent = new Set(await store.missing(page.map(({ digest }) => digest)));
      const back = page.filter(({ digest }) => !absent.has(digest));
      const bad = new Set((await damagedObjects(store, back, signal, rest)).map(({ digest }) => digest));
      const [still, sound] = [
        [...bad],
        back.map(({ digest }) => digest).filter((digest) => !bad.has(digest)),
      ];
      if (still.length > 0)
        await gate.alone(async () => {
          const left = await catalog.damagedAmong(still);
          await store.remove(left.map(({ digest }) => digest));
        });
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
