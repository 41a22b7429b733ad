import { setImmediate } from 'node:timers/promises';
import { type Digest, digestOf } from '../content/digest.ts';
import { hasCode, systemCode } from '../errors.ts';
import { digestOfStream, type Rest } from './digest-of-stream.ts';
import type { ObjectStore } from './object-store.ts';

/** The number of small objects that are read together. In all, they have at most 4 MiB. */
const SMALL_READ = 64;
/** Hashing this many bytes takes the event loop about half a millisecond. */
const BYTES_A_TURN = 256 * 1024;
/** Error codes of a disk or a file system that cannot read a file. */
const UNREADABLE: readonly (string | undefined)[] = ['EIO', 'EBADMSG', 'EUCLEAN', 'ENXIO'];

type Reads = Pick<ObjectStore, 'readSmall' | 'open'>;

/** `differs`: the bytes were read, and they have another digest. `unreadable`: the disk could not read them. */
type Fault = 'differs' | 'absent' | 'unreadable';

export interface Faulty<T> {
  readonly object: T;
  readonly fault: Fault;
}

/** All objects that have a fault. */
export async function damagedObjects<T extends { readonly digest: Digest }>(
  store: Reads,
  objects: readonly T[],
  signal: AbortSignal,
  rest?: Rest,
): Promise<T[]> {
  return (await faultyObjects(store, objects, signal, rest)).map(({ object }) => object);
}

/**
 * The objects whose bytes do not match their digest, that are missing, or that cannot be read. Rejects when the signal
 * aborts, and when the store is unreachable.
 */
export async function faultyObjects<T extends { readonly digest: Digest }>(
  store: Reads,
  objects: readonly T[],
  signal: AbortSignal,
  rest?: Rest,
): Promise<Faulty<T>[]> {
  const faulty: Faulty<T>[] = [];
  let hashed = 0;
  for (let i = 0; i < objects.length; i += SMALL_READ) {
    signal.throwIfAborted();
    const some = objects.slice(i, i + SMALL_READ);
    const small = await smallOf(store, some);
    for (const object of some) {
      signal.throwIfAborted();
      const bytes = small.get(object.digest);
      if (bytes === undefined) {
        const fault = await faultOf(store, object.digest, signal, rest);
        if (fault !== undefined) faulty.push({ object, fault });
        continue;
      }
      if (digestOf(bytes) !== object.digest) faulty.push({ object, fault: 'differs' });
      hashed += bytes.length;
      if (hashed >= BYTES_A_TURN) {
        hashed = 0;
        await setImmediate();
      }
      await rest?.(bytes.length);
    }
  }
  return faulty;
}

/**
 * Whether an error means that the disk cannot read the bytes, and not only that the store is unreachable at the moment.
 */
export function isUnreadable(error: unknown): boolean {
  return UNREADABLE.includes(systemCode(error)) || hasCode(error, 'data-folder-damaged');
}

/**
 * One damaged page makes the read of all objects fail. In that case, this function returns none of them, and its caller
 * opens each object alone.
 */
async function smallOf(
  store: Reads,
  objects: readonly { readonly digest: Digest }[],
): Promise<ReadonlyMap<Digest, Buffer>> {
  try {
    return await store.readSmall(objects.map(({ digest }) => digest));
  } catch (error) {
    if (isUnreadable(error)) return new Map();
    throw error;
  }
}

async function faultOf(
  store: Reads,
  digest: Digest,
  signal: AbortSignal,
  rest?: Rest,
): Promise<Fault | undefined> {
  try {
    const stream = await store.open(digest);
    if (stream === undefined) return 'absent';
    return (await digestOfStream(stream, signal, rest)) === digest ? undefined : 'differs';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'absent';
    if (isUnreadable(error)) return 'unreadable';
    throw error;
  }
}
