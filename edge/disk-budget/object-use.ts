import type { Readable } from 'node:stream';
import type { Digest } from '../../shared/content/digest.ts';
import type { ReadersUse } from '../messages/use.ts';

/**
 * The maximum number of objects that are noted between two calls of `take`. Objects beyond this limit count as unused.
 */
const MOST = 100_000;

/**
 * Records which objects were sent to readers, and when, in the time of the log. A lazy edge evicts unused objects
 * first.
 */
export class ObjectUse {
  readonly #now: () => number;
  #used = new Map<Digest, { at: number; times: number }>();
  readonly #serving = new Map<Digest, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `times` is the number of requests. */
  note(digest: Digest, at = this.#now(), times = 1): void {
    const known = this.#used.get(digest);
    if (known !== undefined) {
      known.at = at;
      known.times += times;
    } else if (this.#used.size < MOST) this.#used.set(digest, { at, times });
  }

  /** Counts the object as in use until the stream is closed. */
  serve(digest: Digest, stream: Readable): void {
    this.#serving.set(digest, (this.#serving.get(digest) ?? 0) + 1);
    stream.once('close', () => {
      const left = (this.#serving.get(digest) ?? 1) - 1;
      if (left > 0) this.#serving.set(digest, left);
      else this.#serving.delete(digest);
      this.note(digest, this.#now(), 0);
    });
  }

  /** Returns the uses since the last call, and forgets them. */
  take(): ReadersUse {
    const used = [...this.#used].map(([digest, { at, times }]) => [digest, at, times] as const);
    this.#used = new Map();
    return { used, serving: [...this.#serving.keys()] };
  }
}
