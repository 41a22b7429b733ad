import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { PartialObject } from './partial-object.ts';

/** The maximum number of chunks of all partial objects together. This many take a few dozen megabytes of memory. */
const MOST_CHUNKS = 250_000;

/** The large objects that this edge holds in part. */
export class PartialObjects {
  /** Ordered by the time of the last request for each object, the most recent last. */
  readonly #byDigest = new Map<Digest, PartialObject>();
  /** A new partial object for the same object begins only when the previous one has ended. */
  readonly #turns = new KeyedLock<Digest>();
  readonly #mostChunks: number;
  #chunks = 0;

  constructor(mostChunks = MOST_CHUNKS) {
    this.#mostChunks = mostChunks;
  }

  get(digest: Digest): PartialObject | undefined {
    const partial = this.#byDigest.get(digest);
    if (partial !== undefined) {
      this.#byDigest.delete(digest);
      this.#byDigest.set(digest, partial);
    }
    return partial;
  }

  /**
   * Returns the result of `use` for the partial object. If there is none, calls `make` to begin one. `make` returns
   * undefined if the store now has the object.
   */
  open<T>(
    digest: Digest,
    make: () => Promise<PartialObject | undefined>,
    use: (partial: PartialObject) => T,
  ): Promise<T | undefined> {
    return this.#turns.run(digest, async () => {
      const known = this.get(digest) ?? (await this.#made(digest, make));
      // `use` runs within this turn, so that a later `drop` finds the partial object busy.
      return known && use(known);
    });
  }

  async #made(
    digest: Digest,
    make: () => Promise<PartialObject | undefined>,
  ): Promise<PartialObject | undefined> {
    const partial = await make();
    if (partial === undefined) return undefined;
    this.#byDigest.set(digest, partial);
    this.#chunks += partial.chunkCount;
    return partial;
  }

  /** Called when this partial object has ended. */
  ended(digest: Digest, partial: PartialObject): void {
    if (this.#byDigest.get(digest) !== partial) return;
    this.#chunks -= partial.chunkCount;
    this.#byDigest.delete(digest);
  }

  /**
   * The partial objects that must be discarded so that the others fit into memory: the least recently requested ones.
   */
  surplus(): Digest[] {
    const going: Digest[] = [];
    let chunks = this.#chunks;
    for (const [digest, partial] of this.#byDigest) {
      if (chunks <= this.#mostChunks) break;
      if (partial.isBusy) continue;
      going.push(digest);
      chunks -= partial.chunkCount;
    }
    return going;
  }

  /** Discards the partial object, if there is one. Returns false when it is busy. */
  drop(digest: Digest): Promise<boolean> {
    return this.#turns.run(digest, async () => {
      const partial = this.#byDigest.get(digest);
      if (partial?.isBusy) return false;
      await partial?.discard();
      return true;
    });
  }

  /** Discards the partial object now, or when its last reader has left. */
  async discard(digest: Digest): Promise<void> {
    const partial = this.#byDigest.get(digest);
    if (partial === undefined) return;
    // The next request begins a new one.
    this.ended(digest, partial);
    await partial.discard();
  }
}
