import type { SkerryError } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { Arrivals } from './partial-object.ts';
import { Spans } from './spans.ts';

interface Waiting extends ByteSpan {
  readonly resolve: () => void;
  readonly reject: (error: SkerryError) => void;
}

/** Tracks which bytes of a partial object can be read, and lets readers wait for the others. */
export class Incoming implements Arrivals {
  readonly #spans = new Spans();
  readonly #waiting = new Set<Waiting>();
  #breaks = 0;
  #broke: SkerryError | undefined;

  arrived(_fileName: string, span: ByteSpan): void {
    this.#spans.add(span);
    for (const waiting of this.#waiting) {
      if (!this.#spans.covers(waiting)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  /**
   * Called when the missing bytes cannot be fetched. Waiting readers get the error. Bytes that have already arrived can
   * still be read.
   */
  broke(_fileName: string, error: SkerryError): void {
    this.#breaks++;
    this.#broke = error;
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  /** How often the transfer has failed. A reader who arrives after a failure waits for the next attempt. */
  get breaks(): number {
    return this.#breaks;
  }

  /**
   * Resolves when the whole span can be read. Rejects if the transfer has failed since the reader arrived. `since` is
   * the number of failures at that time.
   */
  whole(span: ByteSpan, since = this.#breaks): Promise<void> {
    if (this.#spans.covers(span)) return Promise.resolve();
    if (this.#broke !== undefined && since < this.#breaks) return Promise.reject(this.#broke);
    return new Promise((resolve, reject) => {
      this.#waiting.add({ ...span, resolve, reject });
    });
  }
}
