import { Batcher } from './batcher.ts';

/** A batcher for each key, which is there while it has something to do. */
export class KeyedBatcher<K, T, R> {
  readonly #run: (items: T[]) => Promise<R>;
  readonly #most: number;
  readonly #batchers = new Map<K, Batcher<T, R>>();

  constructor(run: (items: T[]) => Promise<R>, most: number) {
    this.#run = run;
    this.#most = most;
  }

  /** Keys that have something to do. */
  get size(): number {
    return this.#batchers.size;
  }

  async add(key: K, item: T): Promise<R> {
    const batcher = this.#batchers.get(key) ?? new Batcher(this.#run, this.#most);
    this.#batchers.set(key, batcher);
    try {
      return await batcher.add(item);
    } finally {
      // Another may have taken its place since it was idle.
      if (batcher.isIdle && this.#batchers.get(key) === batcher) this.#batchers.delete(key);
    }
  }
}
