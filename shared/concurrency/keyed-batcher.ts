import { Batcher } from './batcher.ts';

/** One batcher for each key. A batcher exists while it has items. */
export class KeyedBatcher<K, T, R> {
  readonly #run: (items: T[]) => Promise<R>;
  readonly #most: number;
  readonly #batchers = new Map<K, Batcher<T, R>>();

  constructor(run: (items: T[]) => Promise<R>, most: number) {
    this.#run = run;
    this.#most = most;
  }

  /** The number of keys that have items. */
  get size(): number {
    return this.#batchers.size;
  }

  async add(key: K, item: T): Promise<R> {
    const batcher = this.#batchers.get(key) ?? new Batcher(this.#run, this.#most);
    this.#batchers.set(key, batcher);
    try {
      return await batcher.add(item);
    } finally {
      // The key may have a new batcher by now, if this one was idle in between.
      if (batcher.isIdle && this.#batchers.get(key) === batcher) this.#batchers.delete(key);
    }
  }
}
