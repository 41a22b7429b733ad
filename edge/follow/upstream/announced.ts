import { SkerryError } from '../../../shared/errors.ts';

/**
 * The maximum number of informational responses (1xx) to one request. Each of them restarts the timer for the final
 * response. A proxy may send one; no honest upstream sends many.
 */
const MOST_ANNOUNCED = 3;

/** Aborts when an upstream keeps sending informational responses but no final response. */
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
