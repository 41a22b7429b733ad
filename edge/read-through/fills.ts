import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import type { Digest } from '../../shared/content/digest.ts';
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

  /** What `use` makes of the object's fill; `make` begins one, or finds that the object has become whole: undefined. */
  open<T>(
    digest: Digest,
    make: () => Promise<Fill | undefined>,
    use: (fill: Fill) => T,
  ): Promise<T | undefined> {
    return this.#turns.run(digest, async () => {
      const known = this.get(digest) ?? (await this.#made(digest, make));
      // In this turn: who drops it next finds it in use.
      return known && use(known);
    });
  }

  async #made(digest: Digest, make: () => Promise<Fill | undefined>): Promise<Fill | undefined> {
    const fill = await make();
    if (fill === undefined) return undefined;
    this.#fills.set(digest, fill);
    this.#chunks += fill.chunkCount;
    return fill;
  }

  /** There is no such fill any more. */
  ended(digest: Digest, fill: Fill): void {
    if (this.#fills.get(digest) !== fill) return;
    this.#chunks -= fill.chunkCount;
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
      await fill?.discard();
      return true;
    });
  }

  /** The object has to go, whole or not: what is there of it goes when nobody reads it any more. */
  async discard(digest: Digest): Promise<void> {
    const fill = this.#fills.get(digest);
    if (fill === undefined) return;
    // Whoever asks for it from now on begins a new one.
    this.ended(digest, fill);
    await fill.discard();
  }
}
