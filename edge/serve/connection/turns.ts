/** For this long, a turn of the event loop may work for connections before everything else gets its turn. */
const MOST_MS = 10;
/**
 * After so many bytes, too. Their buffers are used again in the next turn, so all of them stay in the caches of the
 * processor.
 */
const MOST_BYTES = 512 * 1024;

/**
 * Shares the event loop between connections, and with everything else. 500 connections with a thousand requests each,
 * or 2,000 with one each that takes some work, would otherwise be answered before a reader who came later is even
 * accepted.
 */
export class Turns {
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  /** When the work of this turn began. Undefined before it. */
  #began: number | undefined;
  /** What was written in this turn. */
  #bytes = 0;
  #isNextDue = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a connection has to wait for its turn. */
  mustWait(now: number): boolean {
    if (this.#began === undefined) {
      this.#began = now;
      this.#next();
    }
    return this.#waiting.length > 0 || this.#isOver(now - this.#began);
  }

  wrote(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Calls `work` in a later turn, behind all that wait already. */
  wait(work: () => void): void {
    this.#waiting.push(work);
    this.#next();
  }

  #isOver(ms: number): boolean {
    return ms > MOST_MS || this.#bytes > MOST_BYTES;
  }

  #next(): void {
    if (this.#isNextDue) return;
    this.#isNextDue = true;
    setImmediate(this.#work);
  }

  readonly #work = (): void => {
    this.#isNextDue = false;
    const began = this.#now();
    this.#bytes = 0;
    const { length } = this.#waiting;
    let done = 0;
    // What is put back meanwhile waits for the next turn.
    while (done < length && !this.#isOver(this.#now() - began)) this.#waiting[done++]?.();
    this.#waiting.splice(0, done);
    this.#began = undefined;
    this.#bytes = 0;
    if (this.#waiting.length > 0) this.#next();
  };
}
