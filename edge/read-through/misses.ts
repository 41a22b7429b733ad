import { FairShare } from '../../shared/concurrency/fair-share.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../shared/content/small-object.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { NeededObject } from '../store/catalog.ts';
import { Turns } from './turns.ts';

export interface Needed {
  readonly object: NeededObject;
  /** Objects of the same path in other revisions, newest first. A delta may be based on one of them. */
  readonly otherVersions: readonly NeededObject[];
}

/** A requested object that the edge does not hold and that has no chunk list. */
export interface Missed extends Needed {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The maximum number of objects that one fetch requests. */
const MOST_TOGETHER = 256;
/**
 * The maximum number of bytes in a fetch of several objects. The readers of all of them wait until the last object has
 * arrived.
 */
const MOST_BYTES_TOGETHER = 1024 * 1024;
/** An upstream refuses a member that has more than 64 waiting encodings, and one fetch may need three bundles. */
const MOST_FETCHES = 8;

/**
 * Fetches missing objects together: those that are requested at the same moment, and those that queue up during a
 * fetch. Small objects have a queue of their own, so that a small page does not wait for larger objects of other
 * readers. An object is fetched once, however many readers request it.
 */
export class Misses {
  readonly #missed = new Map<Digest, MissedObject>();
  readonly #small: FetchQueue;
  readonly #large: FetchQueue;

  /** `fetch` settles every object that it is given, and never rejects. */
  constructor(fetch: (missed: readonly Missed[]) => Promise<void>) {
    this.#small = new FetchQueue(fetch);
    this.#large = new FetchQueue(fetch);
  }

  has(digest: Digest): boolean {
    return this.#missed.has(digest);
  }

  /**
   * Resolves when the object is in the store. Rejects with `unavailable` if `gone` aborts because the reader has left.
   */
  bring(client: string, needed: Needed, gone?: AbortSignal): Promise<void> {
    const { object } = needed;
    const queue = object.size > SMALL_OBJECT ? this.#large : this.#small;
    const missed = this.#missed.get(object.digest) ?? this.#add(needed);
    return new Promise((resolve, reject) => {
      const leave = () => {
        missed.waiters.delete(waiter);
        if (missed.waiters.size === 0 && queue.giveUp(missed)) this.#missed.delete(object.digest);
        reject(new SkerryError('unavailable', 'the reader has closed the connection'));
      };
      const ended = () => gone?.removeEventListener('abort', leave);
      const waiter: Waiter = { ended, resolve, reject };
      missed.waiters.add(waiter);
      queue.add(client, missed);
      gone?.addEventListener('abort', leave, { once: true });
      if (gone?.aborted) leave();
    });
  }

  #add(needed: Needed): MissedObject {
    const { digest } = needed.object;
    const missed = new MissedObject(needed, () => this.#missed.delete(digest));
    this.#missed.set(digest, missed);
    return missed;
  }
}

interface Waiter {
  readonly ended: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class MissedObject implements Missed {
  readonly object: NeededObject;
  readonly otherVersions: readonly NeededObject[];
  readonly waiters = new Set<Waiter>();
  isUnderWay = false;
  readonly #ended: () => void;

  constructor({ object, otherVersions }: Needed, ended: () => void) {
    this.object = object;
    this.otherVersions = otherVersions;
    this.#ended = ended;
  }

  readonly resolve = () => this.#settle(({ resolve }) => resolve());
  readonly reject = (error: unknown) => this.#settle(({ reject }) => reject(error));

  #settle(tell: (waiter: Waiter) => void): void {
    this.#ended();
    for (const waiter of this.waiters) {
      waiter.ended();
      tell(waiter);
    }
  }
}

class FetchQueue {
  readonly #fetch: (missed: readonly Missed[]) => Promise<void>;
  readonly #turns = new Turns<MissedObject>();
  readonly #fetches = new FairShare({ inAll: MOST_FETCHES });
  #isBeginning = false;

  constructor(fetch: (missed: readonly Missed[]) => Promise<void>) {
    this.#fetch = fetch;
  }

  add(client: string, missed: MissedObject): void {
    if (missed.isUnderWay) return;
    this.#turns.add(client, missed);
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    // Objects that are requested at the same moment join this fetch.
    setImmediate(() => {
      this.#isBeginning = false;
      this.#begin();
    });
  }

  /** Removes the object from the queue. Returns false if its fetch has already begun. */
  giveUp(missed: MissedObject): boolean {
    this.#turns.delete(missed);
    return !missed.isUnderWay;
  }

  #begin(): void {
    for (;;) {
      const first = this.#turns.next(({ client }) => this.#fetches.has(client));
      if (first === undefined) return;
      const end = this.#fetches.take(first.client);
      const together = this.#withOthers(first.client, first.item);
      for (const missed of together) missed.isUnderWay = true;
      void this.#fetch(together).finally(() => {
        end?.();
        this.#begin();
      });
    }
  }

  /**
   * Adds waiting objects to a fetch until it is full. A client that has used up its own share of fetches may not add
   * objects to the fetches of others.
   */
  #withOthers(owner: string, first: MissedObject): MissedObject[] {
    const together = [first];
    let bytes = first.object.size;
    while (together.length < MOST_TOGETHER) {
      const next = this.#turns.next(
        ({ client, item }) =>
          (client === owner || this.#fetches.has(client)) && bytes + item.object.size <= MOST_BYTES_TOGETHER,
      );
      if (next === undefined) break;
      together.push(next.item);
      bytes += next.item.object.size;
    }
    return together;
  }
}
