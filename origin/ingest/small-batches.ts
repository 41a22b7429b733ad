import { type Digest, digestOf } from '../../shared/content/digest.ts';
import type { SmallObject } from '../../shared/store/object-store.ts';

/**
 * The part that is stored with one sync. Memory holds twice this, because the next part arrives while one is being
 * stored.
 */
const BATCH = { objects: 2048, bytes: 4 * 1024 * 1024 };

/** Stores small objects that arrive one after another, in batches. One batch is stored while the next arrives. */
export class SmallBatches {
  readonly #store: (objects: readonly SmallObject[]) => Promise<void>;
  #batch: SmallObject[] = [];
  #held = 0;
  #storing: Promise<void> = Promise.resolve();

  constructor(store: (objects: readonly SmallObject[]) => Promise<void>) {
    this.#store = store;
  }

  /** Resolves when there is room for the next object. Throws when an earlier batch could not be stored. */
  async add(bytes: Buffer): Promise<Digest> {
    const digest = digestOf(bytes);
    this.#batch.push({ digest, bytes });
    this.#held += bytes.length;
    if (this.#batch.length >= BATCH.objects || this.#held >= BATCH.bytes) await this.#passOn();
    return digest;
  }

  /** Resolves when all objects are durable. */
  async end(): Promise<void> {
    if (this.#batch.length > 0) await this.#passOn();
    await this.#storing;
  }

  /** Resolves when nothing is being stored any more, whether it failed or not. */
  async settle(): Promise<void> {
    await this.#storing.catch(() => {});
  }

  async #passOn(): Promise<void> {
    await this.#storing;
    this.#storing = this.#store(this.#batch);
    // The promise is awaited before the next batch or at the end. Until then its rejection would be unhandled.
    this.#storing.catch(() => {});
    this.#batch = [];
    this.#held = 0;
  }
}
