import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../../shared/clock.ts';
import { SMALL_OBJECT } from '../../shared/content/small-object.ts';
import { hasCode, SkerryError, toSkerryError } from '../../shared/errors.ts';
import type { HashedFile } from '../../shared/hashing/hashed-file.ts';
import { cutOff, isCutOff } from '../../shared/http/cut-off.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { LeftDraft } from '../../shared/store/leftover-drafts.ts';
import type { Draft, ObjectStore } from '../../shared/store/object-store.ts';
import type { DamageCalls } from '../catalog/damage-calls.ts';
import type { ObjectCalls } from '../catalog/object-calls.ts';
import type { ObjectIntake } from './object-intake.ts';
import {
  expiredOf,
  nameOf,
  PARTIAL_MS,
  type Partial,
  placeOf,
  roomFor,
  type UploadPlace,
} from './partial-plan.ts';

const SWEPT_EVERY_MS = 3_600_000;

interface ResumableParts {
  readonly store: Pick<ObjectStore, 'draft'>;
  readonly catalog: Pick<Remote<ObjectCalls>, 'siteObject'> & Pick<Remote<DamageCalls>, 'damagedAmong'>;
  readonly intake: Pick<ObjectIntake, 'take' | 'keep'>;
  readonly clock: Clock;
}

/** Work on a draft. Only one runs at a time. */
interface Use {
  stop(): void;
  readonly ended: Promise<void>;
}

export interface UploadProgress {
  /** The bytes that need not be sent again. */
  readonly offset: number;
  readonly isComplete: boolean;
  /** How long the upload is kept without a further byte. */
  readonly leftMs?: number;
}

/**
 * Receives large objects, and keeps what has come when a connection breaks, so that the client can go on at its offset
 * (draft-ietf-httpbis-resumable-upload-12). An upload belongs to a site, a token and the digest of the object: the
 * client needs nothing but these to find it, even after a crash of either side.
 */
export class ResumableUploads {
  readonly #parts: ResumableParts;
  readonly #partials = new Map<string, Omit<Partial, 'isActive'>>();
  readonly #uses = new Map<string, Use>();

  /** `left` are the drafts of an earlier process. */
  constructor(parts: ResumableParts, left: readonly LeftDraft[]) {
    this.#parts = parts;
    for (const { name, size, touched } of left) {
      const place = placeOf(name);
      if (place !== undefined) this.#partials.set(name, { ...place, size, touched });
    }
  }

  /** Gives up abandoned uploads, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.#giveUp(expiredOf(this.#all(), clock.now()));
      await clock.sleep(SWEPT_EVERY_MS, signal).catch(() => {});
    }
  }

  /** Ends a transfer of this upload that is running, because a client that asks has lost its connection. */
  async progress(place: UploadPlace): Promise<UploadProgress> {
    await this.#takeOver(nameOf(place));
    const stored = await this.#storedSize(place);
    if (stored !== undefined) return { offset: stored, isComplete: true };
    const partial = this.#partials.get(nameOf(place));
    if (partial === undefined) return { offset: 0, isComplete: false };
    const leftMs = Math.max(0, partial.touched + PARTIAL_MS - this.#parts.clock.now());
    return { offset: partial.size, isComplete: false, leftMs };
  }

  /** Receives an object from its beginning. Throws `digest-mismatch`, and `truncated-upload` when it may go on. */
  async put(place: UploadPlace, body: Readable, isLast: boolean): Promise<UploadProgress> {
    const hasRoom = await this.#makeRoom(place);
    if (hasRoom && !this.#uses.has(nameOf(place))) return this.#receive(place, 0, body, isLast);
    if (!isLast) throw tooMany();
    // If another request of the same token is sending the same object, each sends all of it. Otherwise they would stop
    // each other again and again.
    const { size } = await this.#parts.intake.take(place.site, body, place.digest);
    return { offset: size, isComplete: true };
  }

  /**
   * Goes on at the offset, which must be the present one. Throws `completed-upload`, `offset-mismatch` and what `put`
   * throws.
   */
  async append(place: UploadPlace, offset: number, body: Readable, isLast: boolean): Promise<UploadProgress> {
    const name = nameOf(place);
    if (!(await this.#makeRoom(place))) throw tooMany();
    await this.#takeOver(name);
    const stored = await this.#storedSize(place);
    if (stored !== undefined)
      throw new SkerryError('completed-upload', `the upload is complete, with ${stored} bytes`);
    // Another request may have begun while this one looked.
    await this.#takeOver(name);
    const expected = this.#partials.get(name)?.size ?? 0;
    if (offset !== expected)
      throw new SkerryError('offset-mismatch', `the upload goes on at ${expected}, not at ${offset}`, {
        details: { 'expected-offset': expected, 'provided-offset': offset },
      });
    return this.#receive(place, offset, body, isLast);
  }

  async cancel(place: UploadPlace): Promise<void> {
    await this.#takeOver(nameOf(place));
    await this.#giveUp([place]);
  }

  #receive(place: UploadPlace, offset: number, body: Readable, isLast: boolean): Promise<UploadProgress> {
    const stop = () =>
      void body.destroy(new SkerryError('truncated-upload', 'another request goes on with this upload'));
    return this.#use(nameOf(place), stop, async () => {
      this.#note(place, offset);
      const draft = await this.#parts.store.draft(nameOf(place));
      try {
        if (draft.size !== offset) await draft.truncate(offset);
        for await (const piece of body) await draft.append(piece as Buffer);
      } catch (error) {
        // An upload that has filled the disk must not keep it full.
        if (hasCode(toSkerryError(error), 'disk-full')) await this.#discard(draft, place);
        else await this.#suspend(draft, place);
        throw isCutOff(error) ? cutOff(error) : error;
      }
      if (isLast) return this.#finish(draft, place);
      await this.#suspend(draft, place);
      return { offset: draft.size, isComplete: false };
    });
  }

  async #suspend(draft: Draft, place: UploadPlace): Promise<void> {
    this.#note(place, draft.size);
    if (draft.size > 0) return draft.suspend();
    await this.#discard(draft, place);
  }

  async #discard(draft: Draft, place: UploadPlace): Promise<void> {
    this.#partials.delete(nameOf(place));
    await draft.discard();
  }

  async #finish(draft: Draft, place: UploadPlace): Promise<UploadProgress> {
    const { intake } = this.#parts;
    const { site, digest } = place;
    const { size } = draft;
    try {
      if (size > SMALL_OBJECT) {
        await intake.keep(site, { kind: 'large', draft, hashed: await hashOf(draft) }, digest);
      } else {
        const bytes = size === 0 ? Buffer.alloc(0) : await buffer(draft.read({ start: 0, end: size }));
        await draft.discard();
        await intake.take(site, Readable.from([bytes]), digest);
      }
      return { offset: size, isComplete: true };
    } finally {
      // The draft has become the object, or was discarded.
      this.#partials.delete(nameOf(place));
    }
  }

  /** Work on the same draft must have ended before. */
  async #use<T>(name: string, stop: () => void, work: () => Promise<T>): Promise<T> {
    const ended = Promise.withResolvers<void>();
    this.#uses.set(name, { stop, ended: ended.promise });
    try {
      return await work();
    } finally {
      this.#uses.delete(name);
      ended.resolve();
    }
  }

  /** Another request may have begun while this one waited, so it looks again. */
  async #takeOver(name: string): Promise<void> {
    for (let use = this.#uses.get(name); use !== undefined; use = this.#uses.get(name)) {
      use.stop();
      await use.ended;
    }
  }

  /** Undefined when the site lacks the object, or has a damaged one. */
  async #storedSize({ site, digest }: UploadPlace): Promise<number | undefined> {
    const { catalog } = this.#parts;
    const stored = await catalog.siteObject(site, digest);
    if (stored === undefined) return undefined;
    const parts = stored.chunks === null ? [digest] : [digest, stored.chunks];
    return (await catalog.damagedAmong(parts)).length === 0 ? stored.size : undefined;
  }

  async #makeRoom(place: UploadPlace): Promise<boolean> {
    const { hasRoom, givenUp } = roomFor(this.#all(), place, this.#parts.clock.now());
    await this.#giveUp(givenUp);
    return hasRoom;
  }

  async #giveUp(places: readonly UploadPlace[]): Promise<void> {
    for (const name of places.map(nameOf)) {
      if (this.#uses.has(name) || !this.#partials.delete(name)) continue;
      await this.#use(
        name,
        () => {},
        async () => (await this.#parts.store.draft(name)).discard(),
      );
    }
  }

  #note(place: UploadPlace, size: number): void {
    const { site, token, digest } = place;
    this.#partials.set(nameOf(place), { site, token, digest, size, touched: this.#parts.clock.now() });
  }

  #all(): Partial[] {
    return [...this.#partials].map(([name, partial]) => ({ ...partial, isActive: this.#uses.has(name) }));
  }
}

async function hashOf(draft: Draft): Promise<HashedFile> {
  try {
    return await draft.hash();
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

function tooMany(): SkerryError {
  return new SkerryError('too-many-requests', 'this token has too many uploads that are not complete');
}
