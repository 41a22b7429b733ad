import { LRUCache } from 'lru-cache';

export interface ByteCacheOptions<V> {
  /** The maximum bytes that all values take together. */
  readonly bytes: number;
  /** Returns the bytes that one value takes. */
  readonly sizeOf: (value: V) => number;
  /** Larger values are not cached. The default is `bytes`. */
  readonly largest?: number;
}

/** The bytes that a key and the cache's bookkeeping take. Without them, small values would hardly count. */
const ITEM_BYTES = 128;

/** A cache of values by key, limited by bytes. It evicts the least recently used values. */
export class ByteCache<K extends string, V extends NonNullable<unknown>> {
  readonly #values: LRUCache<K, V>;

  constructor({ bytes, sizeOf, largest = bytes }: ByteCacheOptions<V>) {
    this.#values = new LRUCache<K, V>({
      maxSize: bytes,
      maxEntrySize: Math.max(1, Math.floor(largest)),
      sizeCalculation: (value, key) => sizeOf(value) + key.length + ITEM_BYTES,
    });
  }

  /** The bytes held, with keys and bookkeeping. */
  get bytes(): number {
    return this.#values.calculatedSize;
  }

  get(key: K): V | undefined {
    return this.#values.get(key);
  }

  /** Setting a value that is too large still removes the older value, so the key is absent afterwards. */
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
