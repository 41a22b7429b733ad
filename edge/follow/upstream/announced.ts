import { SkerryError } from '../../../shared/errors.ts';

/**
 * The maximum number of informational answers (1xx) that one request may get. Each restarts the timer for the final
 * answer. A proxy may send one; no honest upstream sends many.
 */
const MOST_ANNOUNCED = 3;

/** Aborts when an upstream sends informational answers again and again but no final answer. */
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
        new SkerryError('upstream-protocol', `${this.#url} announces an answer but does not send it`),
      );
  }
}
