const QUICK_MS = 50;
const SLOW_MS = 500;

/**
 * How much a reader is given at once: about what it takes in a twentieth of a second. One who reads nothing costs
 * the least, one who keeps up is given large pieces.
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

  /** How much to give now that the reader has taken what it was given; `now` in milliseconds. */
  next(most: number, now: number): number {
    const took = now - this.#at;
    this.#at = now;
    // The first is asked for before there was anything to take, the second before the first has been taken.
    if (++this.#given > 2) {
      if (took < QUICK_MS) this.#bytes *= 2;
      else if (took > SLOW_MS) this.#bytes /= 2;
    }
    this.#bytes = Math.max(this.#least, Math.min(most, this.#bytes));
    return this.#bytes;
  }
}
