import type { SkerryError } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { Arrivals } from './fill.ts';
import { Spans } from './spans.ts';

interface Waiting extends ByteSpan {
  readonly resolve: () => void;
  readonly reject: (error: SkerryError) => void;
}

/** Which bytes of a large object can be read while others are still coming in, for those who wait for them. */
export class Incoming implements Arrivals {
  readonly #spans = new Spans();
  readonly #waiting = new Set<Waiting>();
  #breaks = 0;
  #broke: SkerryError | undefined;

  arrived(_fill: string, span: ByteSpan): void {
    this.#spans.add(span);
    for (const waiting of this.#waiting) {
      if (!this.#spans.covers(waiting)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  /** What is not there does not come for those who read now; they can still read the rest. */
  broke(_fill: string, error: SkerryError): void {
    this.#breaks++;
    this.#broke = error;
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  /** How often it has broken off: who begins to read after that may hope again. */
  get breaks(): number {
    return this.#breaks;
  }

  /** Resolves when all of the span is there. Rejects when it broke off after the reader began, at `since` breaks. */
  whole(span: ByteSpan, since = this.#breaks): Promise<void> {
    if (this.#spans.covers(span)) return Promise.resolve();
    if (this.#broke !== undefined && since < this.#breaks) return Promise.reject(this.#broke);
    return new Promise((resolve, reject) => {
      this.#waiting.add({ ...span, resolve, reject });
    });
  }
}
