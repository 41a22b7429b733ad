import { FairShare } from '../../shared/concurrency/fair-share.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../shared/content/small-object.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { NeededObject } from '../store/catalog.ts';
import { Turns } from './turns.ts';

export interface Needed {
  readonly object: NeededObject;
  readonly kin: readonly NeededObject[];
}

/** An object without chunks that was asked for and is not here. */
export interface Missed extends Needed {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Objects that are fetched together, */
const MOST_TOGETHER = 256;
/** and their bytes, unless it is one: all of a bundle wait for its last one. */
const MOST_BYTES_TOGETHER = 1024 * 1024;
/** An upstream refuses who has more than 64 encodings waiting, and a fetch may be three bundles. */
const MOST_FETCHES = 8;

/**
 * Objects that are missed in one moment, or while others are fetched, travel together. Small ones and
 * larger ones have places of their own: a page does not wait for what a hundred readers of films have missed.
 * Each object comes once, however many ask for it.
 */
export class Misses {
  readonly #missed = new Map<Digest, AskedFor>();
  readonly #small: Line;
  readonly #large: Line;

  /** `fetch` settles all that it is given, and never rejects. */
  constructor(fetch: (missed: readonly Missed[]) => Promise<void>) {
    this.#small = new Line(fetch);
    this.#large = new Line(fetch);
  }

  has(digest: Digest): boolean {
    return this.#missed.has(digest);
  }

  /** Resolves when it is here. Rejects with `unavailable` when the signal says that its reader is gone. */
  bring(client: string, needed: Needed, gone?: AbortSignal): Promise<void> {
    const { object } = needed;
    const line = object.size > SMALL_OBJECT ? this.#large : this.#small;
    const missed = this.#missed.get(object.digest) ?? this.#add(needed);
    return new Promise((resolve, reject) => {
      const leave = () => {
        missed.askers.delete(asker);
        if (missed.askers.size === 0 && line.giveUp(missed)) this.#missed.delete(object.digest);
        reject(new SkerryError('unavailable', 'nobody waits for it any more'));
      };
      const ended = () => gone?.removeEventListener('abort', leave);
      const asker: Asker = { ended, resolve, reject };
      missed.askers.add(asker);
      line.add(client, missed);
      gone?.addEventListener('abort', leave, { once: true });
      if (gone?.aborted) leave();
    });
  }

  #add(needed: Needed): AskedFor {
    const { digest } = needed.object;
    const missed = new AskedFor(needed, () => this.#missed.delete(digest));
    this.#missed.set(digest, missed);
    return missed;
  }
}

interface Asker {
  readonly ended: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class AskedFor implements Missed {
  readonly object: NeededObject;
  readonly kin: readonly NeededObject[];
  readonly askers = new Set<Asker>();
  isUnderWay = false;
  readonly #ended: () => void;

  constructor({ object, kin }: Needed, ended: () => void) {
    this.object = object;
    this.kin = kin;
    this.#ended = ended;
  }

  readonly resolve = () => this.#settle(({ resolve }) => resolve());
  readonly reject = (error: unknown) => this.#settle(({ reject }) => reject(error));

  #settle(tell: (asker: Asker) => void): void {
    this.#ended();
    for (const asker of this.askers) {
      asker.ended();
      tell(asker);
    }
  }
}

class Line {
  readonly #fetch: (missed: readonly Missed[]) => Promise<void>;
  readonly #turns = new Turns<AskedFor>();
  readonly #fetches = new FairShare({ inAll: MOST_FETCHES });
  #isBeginning = false;

  constructor(fetch: (missed: readonly Missed[]) => Promise<void>) {
    this.#fetch = fetch;
  }

  add(client: string, missed: AskedFor): void {
    if (missed.isUnderWay) return;
    this.#turns.add(client, missed);
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    // What is missed in the same moment travels with it.
    setImmediate(() => {
      this.#isBeginning = false;
      this.#begin();
    });
  }

  /** False when it is under way. */
  giveUp(missed: AskedFor): boolean {
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

  /** What one fetch takes. Who has as many fetches as he may does not fill up those of others. */
  #withOthers(owner: string, first: AskedFor): AskedFor[] {
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
