import { setImmediate } from 'node:timers/promises';
import { type Digest, digestOf } from '../content/digest.ts';
import { digestOfStream, type Rest } from './digest-of-stream.ts';
import type { ObjectStore } from './object-store.ts';

/** This many small objects are read together. Together they have at most 4 MiB. */
const SMALL_READ = 64;
/** Hashing this many bytes takes the event loop about half a millisecond. */
const BYTES_A_TURN = 256 * 1024;

/**
 * The objects whose bytes do not match their digest, or that are missing. Rejects when the signal aborts, and when the
 * store cannot be asked.
 */
export async function damagedObjects<T extends { readonly digest: Digest }>(
  store: Pick<ObjectStore, 'readSmall' | 'open'>,
  objects: readonly T[],
  signal: AbortSignal,
  rest?: Rest,
): Promise<T[]> {
  const damaged: T[] = [];
  let hashed = 0;
  for (let i = 0; i < objects.length; i += SMALL_READ) {
    signal.throwIfAborted();
    const some = objects.slice(i, i + SMALL_READ);
    const small = await store.readSmall(some.map(({ digest }) => digest));
    for (const object of some) {
      signal.throwIfAborted();
      const bytes = small.get(object.digest);
      if (bytes === undefined) {
        const digest = await digestOfStream(await store.open(object.digest), signal, rest);
        if (digest !== object.digest) damaged.push(object);
        continue;
      }
      if (digestOf(bytes) !== object.digest) damaged.push(object);
      hashed += bytes.length;
      if (hashed >= BYTES_A_TURN) {
        hashed = 0;
        await setImmediate();
      }
      await rest?.(bytes.length);
    }
  }
  return damaged;
}
