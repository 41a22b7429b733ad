const QUICK_MS = 50;
const SLOW_MS = 500;

/**
 * Chooses the size of the pieces for a reader: about as much as the reader takes in a twentieth of a second. So a
 * reader who takes nothing occupies little memory, and a fast reader gets large pieces.
 */
export class Pace {
  readonly #least: number;
  #bytes: number;
  #given = 0;
  #at = 0;

  constructor(least: number) {
    this.#least = least;
    this.#bytes = least;
  }

  /** The size of the next piece. Called when the reader has taken the previous one. `now` is in milliseconds. */
  next(most: number, now: number): number {
    const took = now - this.#at;
    this.#at = now;
    // The pace is known only from the third piece on, because a stream asks for the first two before the reader has
    // taken any.
    if (++this.#given > 2) {
      if (took < QUICK_MS) this.#bytes *= 2;
      else if (took > SLOW_MS) this.#bytes /= 2;
    }
    this.#bytes = Math.max(this.#least, Math.min(most, this.#bytes));
    return this.#bytes;
  }
}
