import { LRUCache } from 'lru-cache';

export interface ByteCacheOptions<V> {
  /** What all values may take together. */
  readonly bytes: number;
  /** What one value takes, in bytes. */
  readonly sizeOf: (value: V) => number;
  /** A value above this many bytes is not kept; all of `bytes` where it is not given. */
  readonly largest?: number;
}

/** What a key and the cache's own books take: without it, many small values would be free. */
const ITEM_BYTES = 128;

/** Values by key within a bound in bytes; those that nobody asked for longest make room. */
export class ByteCache<K extends string, V extends NonNullable<unknown>> {
  readonly #values: LRUCache<K, V>;

  constructor({ bytes, sizeOf, largest = bytes }: ByteCacheOptions<V>) {
    this.#values = new LRUCache<K, V>({
      maxSize: bytes,
      maxEntrySize: Math.max(1, Math.floor(largest)),
      sizeCalculation: (value, key) => sizeOf(value) + key.length + ITEM_BYTES,
    });
  }

  /** What is held, keys and books included. */
  get bytes(): number {
    return this.#values.calculatedSize;
  }

  get(key: K): V | undefined {
    return this.#values.get(key);
  }

  /** A value that is too large takes the place of an older one all the same: the key is empty afterwards. */
  set(key: K, value: V): void {
    this.#values.set(key, value);
  }

  values(): Iterable<V> {
    return this.#values.values();
  }

  delete(key: K): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
  }
}
