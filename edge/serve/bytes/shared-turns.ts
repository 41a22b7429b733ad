/** Streams may take so many bytes from memory before everything else gets its turn. */
const MOST_BYTES = 2 * 1024 * 1024;

interface Waiting {
  readonly bytes: number;
  readonly resolve: () => void;
}

/**
 * Shares the event loop between streams whose pieces are in memory, and with everything else. The system takes
 * megabytes of each response at once, and nothing in such a stream waits. So 2,000 downloads that begin together
 * would be written for seconds before a reader who came later is even accepted.
 */
export class SharedTurns {
  readonly #waiting: Waiting[] = [];
  #left = MOST_BYTES;
  #isNextDue = false;

  /** Waits for a turn in which there is room for a piece. Undefined when that is now. */
  take(bytes: number): Promise<void> | undefined {
    if (!this.#isNextDue) {
      this.#isNextDue = true;
      setImmediate(this.#next);
    }
    if (this.#left > 0 && this.#waiting.length === 0) {
      this.#left -= bytes;
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, resolve });
    return promise;
  }

  readonly #next = (): void => {
    this.#left = MOST_BYTES;
    let served = 0;
    for (const { bytes, resolve } of this.#waiting) {
      if (this.#left <= 0) break;
      this.#left -= bytes;
      resolve();
      served++;
    }
    this.#waiting.splice(0, served);
    this.#isNextDue = this.#waiting.length > 0;
    if (this.#isNextDue) setImmediate(this.#next);
  };
}
