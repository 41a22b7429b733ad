import { type Digest, digestOf } from '../content/digest.ts';
import { digestOfStream, type Rest } from './digest-of-stream.ts';
import type { ObjectStore } from './object-store.ts';

const SMALL_READ = 256;

/** The objects whose bytes do not match their digest, or that are missing. */
export async function damagedObjects<T extends { readonly digest: Digest }>(
  store: ObjectStore,
  objects: readonly T[],
  signal: AbortSignal,
  rest?: Rest,
): Promise<T[]> {
  const damaged: T[] = [];
  for (let i = 0; i < objects.length; i += SMALL_READ) {
    signal.throwIfAborted();
    const some = objects.slice(i, i + SMALL_READ);
    const small = await store.readSmall(some.map(({ digest }) => digest));
    for (const object of some) {
      const bytes = small.get(object.digest);
      const digest =
        bytes === undefined ? await digestOfStream(await store.open(object.digest), rest) : digestOf(bytes);
      if (digest !== object.digest) damaged.push(object);
    }
    await rest?.();
  }
  return damaged;
}
