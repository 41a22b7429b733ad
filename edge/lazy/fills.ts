import type { Digest } from '../../shared/digest.ts';
import { KeyedLock } from '../../shared/keyed-lock.ts';
import type { Fill } from './fill.ts';

/** Of all fills together: some dozen megabytes of memory. */
const MOST_CHUNKS = 250_000;

/** The large objects that are not whole here: those that are coming in, and those of which some is there. */
export class Fills {
  /** Those asked for last come last. */
  readonly #fills = new Map<Digest, Fill>();
  /** One that is dropped and the next of that name share a file. */
  readonly #turns = new KeyedLock<Digest>();
  readonly #mostChunks: number;
  #chunks = 0;

  constructor(mostChunks = MOST_CHUNKS) {
    this.#mostChunks = mostChunks;
  }

  get(digest: Digest): Fill | undefined {
    const fill = this.#fills.get(digest);
    if (fill !== undefined) {
      this.#fills.delete(digest);
      this.#fills.set(digest, fill);
    }
    return fill;
  }

  /** The fill of the object; `make` begins one, or finds that the object has become whole: undefined. */
  open(digest: Digest, make: () => Promise<Fill | undefined>): Promise<Fill | undefined> {
    return this.#turns.run(digest, async () => {
      const known = this.get(digest);
      if (known !== undefined) return known;
      const fill = await make();
      if (fill === undefined) return undefined;
      this.#fills.set(digest, fill);
      this.#chunks += fill.chunkCount;
      return fill;
    });
  }

  ended(digest: Digest): void {
    this.#chunks -= this.#fills.get(digest)?.chunkCount ?? 0;
    this.#fills.delete(digest);
  }

  /** Those asked for longest ago that have to go, so that what is known of all of them fits into memory. */
  surplus(): Digest[] {
    const going: Digest[] = [];
    let chunks = this.#chunks;
    for (const [digest, fill] of this.#fills) {
      if (chunks <= this.#mostChunks) break;
      if (fill.isBusy) continue;
      going.push(digest);
      chunks -= fill.chunkCount;
    }
    return going;
  }

  /** Throws away what is there, if anything is; false for one that is busy. */
  drop(digest: Digest): Promise<boolean> {
    return this.#turns.run(digest, async () => {
      const fill = this.#fills.get(digest);
      if (fill?.isBusy) return false;
      this.ended(digest);
      await fill?.drop();
      return true;
    });
  }
}
