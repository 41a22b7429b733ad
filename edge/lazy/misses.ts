import { SMALL_OBJECT } from '../../shared/bundle.ts';
import type { NeededObject } from '../store/catalog.ts';

/** An object without chunks that was asked for and is not here. */
export interface Missed {
  readonly object: NeededObject;
  readonly kin: readonly NeededObject[];
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
 */
export class Misses {
  readonly #small: Line;
  readonly #large: Line;

  /** `fetch` settles all that it is given, and never rejects. */
  constructor(fetch: (missed: readonly Missed[]) => Promise<void>) {
    this.#small = new Line(fetch);
    this.#large = new Line(fetch);
  }

  add(missed: Missed): void {
    (missed.object.size > SMALL_OBJECT ? this.#large : this.#small).add(missed);
  }
}

class Line {
  readonly #fetch: (missed: readonly Missed[]) => Promise<void>;
  #next: Missed[] = [];
  #fetches = 0;

  constructor(fetch: (missed: readonly Missed[]) => Promise<void>) {
    this.#fetch = fetch;
  }

  /** When others wait, a fetch is scheduled already, or begins when one that runs has ended. */
  add(missed: Missed): void {
    if (this.#next.length === 0) setImmediate(() => this.#begin());
    this.#next.push(missed);
  }

  #begin(): void {
    while (this.#next.length > 0 && this.#fetches < MOST_FETCHES) {
      this.#fetches++;
      void this.#fetch(this.#next.splice(0, fitting(this.#next))).finally(() => {
        this.#fetches--;
        this.#begin();
      });
    }
  }
}

/** How many of them one fetch takes. */
function fitting(missed: readonly Missed[]): number {
  let bytes = 0;
  const most = missed.slice(0, MOST_TOGETHER);
  const surplus = most.findIndex(({ object }, i) => {
    bytes += object.size;
    return i > 0 && bytes > MOST_BYTES_TOGETHER;
  });
  return surplus === -1 ? most.length : surplus;
}
