import { Readable } from 'node:stream';
import type { Digest } from '../../shared/digest.ts';
import type { SkerryError } from '../../shared/errors.ts';
import type { ByteRange } from '../../shared/store/object-store.ts';
import type { Arrivals } from './fill.ts';
import { type Span, Spans } from './spans.ts';

/** What is read at once, from places that are multiples of it: readers of one object share what is read. */
export const SLICE_BYTES = 256 * 1024;

interface Waiting extends Span {
  readonly resolve: () => void;
  readonly reject: (error: SkerryError) => void;
}

/** Which bytes of a large object can be read while others are still coming in, for those who wait for them. */
export class Incoming implements Arrivals {
  readonly #spans = new Spans();
  readonly #waiting = new Set<Waiting>();
  #breaks = 0;
  #broke: SkerryError | undefined;

  arrived(_digest: Digest, span: Span): void {
    this.#spans.add(span);
    for (const waiting of this.#waiting) {
      if (!this.#spans.covers(waiting)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  /** What is not there does not come for those who read now; they can still read the rest. */
  broke(_digest: Digest, error: SkerryError): void {
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
  whole(span: Span, since = this.#breaks): Promise<void> {
    if (this.#spans.covers(span)) return Promise.resolve();
    if (this.#broke !== undefined && since < this.#breaks) return Promise.reject(this.#broke);
    return new Promise((resolve, reject) => {
      this.#waiting.add({ ...span, resolve, reject });
    });
  }
}

/** What is read at once from `at` on, of a range that ends with the byte `last`. */
export function pieceAt(at: number, last: number): Span {
  return { start: at, end: Math.min((Math.floor(at / SLICE_BYTES) + 1) * SLICE_BYTES, last + 1) };
}

export interface ComingParts {
  readonly incoming: Incoming;
  readonly range: ByteRange;
  /** The bytes of a span that is there. */
  readonly read: (span: Span) => Promise<Buffer>;
  /** Nothing more of it is wanted. */
  readonly released: () => void;
}

/** The bytes of a range, each piece as soon as it is there. */
export function comingStream({ incoming, range, read, released }: ComingParts): Readable {
  const since = incoming.breaks;
  let at = range.start;
  return new Readable({
    highWaterMark: SLICE_BYTES,
    read() {
      if (at > range.end) {
        this.push(null);
        return;
      }
      const piece = pieceAt(at, range.end);
      at = piece.end;
      incoming
        .whole(piece, since)
        .then(() => read(piece))
        .then(
          (bytes) => this.push(bytes),
          (error) => this.destroy(error),
        );
    },
    destroy(error, done) {
      released();
      done(error);
    },
  });
}
