import type { Readable } from 'node:stream';
import type { Digest } from '../content/digest.ts';
import type { Survey } from '../hashing/survey.ts';
import type { ByteSpan } from './byte-span.ts';

export interface SmallObject {
  readonly digest: Digest;
  /** At most SMALL_OBJECT bytes. */
  readonly bytes: Uint8Array;
}

/**
 * Immutable bytes by digest. Callers have checked the bytes against the digest; storing an object that is
 * there already is no error and changes nothing. Everything is safe to call concurrently.
 */
export interface ObjectStore {
  /** Those of the digests that are not stored. */
  missing(digests: readonly Digest[]): Promise<Digest[]>;
  /** Stores a batch with one sync; durable when it resolves. */
  putSmall(objects: readonly SmallObject[]): Promise<void>;
  /** The small objects among the digests; absent ones are left out. */
  readSmall(digests: readonly Digest[]): Promise<Map<Digest, Buffer>>;
  /** The size in bytes; undefined when the object is not stored. */
  size(digest: Digest): Promise<number | undefined>;
  /** Streams an object or a range within it; undefined when it is not stored. */
  open(digest: Digest, range?: ByteSpan): Promise<Readable | undefined>;
  /** Begins a larger object, or goes on with the draft of that name, which outlives a restart. */
  draft(name: string): Promise<Draft>;
  /**
   * Removes objects; absent ones are no error. What a crash leaves of them is removed by repeating it. The caller
   * sees to it that nobody stores one of them meanwhile; a stream that was opened before may fail.
   */
  remove(digests: readonly Digest[]): Promise<void>;
  close(): Promise<void>;
}

/** An object in the making, used by one writer at a time. */
export interface Draft {
  /** Bytes so far. */
  readonly size: number;
  append(bytes: Uint8Array): Promise<void>;
  /** Writes at a place within what there is or beyond it; what it leaves between reads as zeros. */
  write(at: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  read(range: ByteSpan): Readable;
  survey(): Promise<Survey>;
  /** Turns the draft into the object that it was proven to be; durable when it resolves. */
  keep(digest: Digest): Promise<void>;
  /** Leaves the bytes for a later `draft` of the same name. */
  suspend(): Promise<void>;
  discard(): Promise<void>;
}
