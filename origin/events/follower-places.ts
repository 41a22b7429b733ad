import { SkerryError } from '../../shared/errors.ts';
import { Counts } from '../../shared/http/counts.ts';

/** A refused client tries again after this many seconds. */
const RETRY_AFTER = 10;

/** Limits how many streams of events are open, so that one token cannot take all places. */
export class FollowerPlaces {
  readonly #most: { readonly perToken: number; readonly all: number };
  readonly #open = new Counts();
  #all = 0;

  constructor(most: { readonly perToken: number; readonly all: number }) {
    this.#most = most;
  }

  /** The number of streams that are open. */
  get open(): number {
    return this.#all;
  }

  /** Returns a function that gives the place back. Throws `too-many-requests`. */
  take(token: string): () => void {
    const { perToken, all } = this.#most;
    if (this.#open.of(token) >= perToken || this.#all >= all)
      throw new SkerryError(
        'too-many-requests',
        `at most ${perToken} streams of events are open for a token, and ${all} in all`,
        { details: { retryAfter: RETRY_AFTER } },
      );
    this.#open.add(token, 1);
    this.#all++;
    return () => {
      this.#open.add(token, -1);
      this.#all--;
    };
  }
}
