import { SkerryError } from '../../../shared/errors.ts';

/** Each informational answer has the time for the answer begin anew: a proxy in between may send one, nobody sends many. */
const MOST_ANNOUNCED = 3;

/** Aborts when an answer is announced again and again and does not come. */
export class Announced {
  readonly #url: string;
  readonly #tooOften = new AbortController();
  #count = 0;

  constructor(url: string) {
    this.#url = url;
  }

  get signal(): AbortSignal {
    return this.#tooOften.signal;
  }

  note(): void {
    if (++this.#count > MOST_ANNOUNCED)
      this.#tooOften.abort(
        new SkerryError('upstream-protocol', `${this.#url} announces an answer and does not give it`),
      );
  }
}
