import { LRUCache } from 'lru-cache';

/** A map of at most `max` entries. The least recently used is dropped first. */
export function recentMap<K extends string, V extends number | true>(max: number): LRUCache<K, V> {
  return new LRUCache<K, V>({ max });
}
