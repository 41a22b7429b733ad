import { FairQueue } from '../../../shared/concurrency/fair-queue.ts';

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
 * accepted. Clients take turns, so a client with one connection does not wait behind all connections of another.
 */
export class Turns {
  readonly #now: () => number;
  /** Each connection waits with one piece of work at most, and their number is limited. */
  readonly #waiting = new FairQueue<() => void>({
    perOwner: Number.POSITIVE_INFINITY,
    inAll: Number.POSITIVE_INFINITY,
  });
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
    return this.#waiting.size > 0 || this.#isOver(now - this.#began);
  }

  wrote(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Calls `work` in a later turn, behind all work of this client that waits already. */
  wait(client: string, work: () => void): void {
    this.#waiting.add(client, work);
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
    // As many as wait now. What is put back meanwhile must not make the turn longer.
    for (let left = this.#waiting.size; left > 0 && !this.#isOver(this.#now() - began); left--)
      this.#waiting.next()?.();
    this.#began = undefined;
    this.#bytes = 0;
    if (this.#waiting.size > 0) this.#next();
  };
}
