export interface AllowanceOptions {
  /** How many may come at once. */
  readonly burst: number;
  /** How many may come in each second for ever. */
  readonly perSecond: number;
}

/** Limits how often something may happen. */
export class Allowance {
  readonly #options: AllowanceOptions;
  #left: number;
  /** When the allowance was last refilled, in milliseconds. */
  #at: number | undefined;

  constructor(options: AllowanceOptions) {
    this.#options = options;
    this.#left = options.burst;
  }

  /** Returns false if it happens too often. `clock` tells milliseconds. */
  take(clock: () => number): boolean {
    const { burst, perSecond } = this.#options;
    this.#at ??= clock();
    // The clock matters only when the allowance is used up.
    if (this.#left < 1) {
      const now = clock();
      this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * perSecond);
      this.#at = now;
    }
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Gives some back, because the client has done something useful. */
  giveBack(count: number): void {
    this.#left = Math.min(this.#options.burst, this.#left + count);
  }
}
