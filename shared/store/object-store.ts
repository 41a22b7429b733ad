import type { Readable } from 'node:stream';
import type { Digest } from '../content/digest.ts';
import type { HashedFile } from '../hashing/hashed-file.ts';
import type { ByteSpan } from './byte-span.ts';

export interface SmallObject {
  readonly digest: Digest;
  /** At most SMALL_OBJECT bytes. */
  readonly bytes: Uint8Array;
}

/**
 * Stores immutable bytes by their digest. Callers have checked the bytes against the digest. Storing an object again is
 * no error and does not change intact bytes. All calls may run concurrently.
 */
export interface ObjectStore {
  /** Returns the digests that are not stored. */
  missing(digests: readonly Digest[]): Promise<Digest[]>;
  /** Stores a batch with one sync. It is durable when the promise resolves. */
  putSmall(objects: readonly SmallObject[]): Promise<void>;
  /** The small objects among the digests. Absent ones are left out. */
  readSmall(digests: readonly Digest[]): Promise<Map<Digest, Buffer>>;
  /** The size in bytes. Undefined when the object is not stored. */
  size(digest: Digest): Promise<number | undefined>;
  /** Streams an object or a range within it. Undefined when it is not stored. */
  open(digest: Digest, range?: ByteSpan): Promise<Readable | undefined>;
  /**
   * Begins a larger object, or continues the draft of that name. A store keeps drafts across a restart, but the origin
   * deletes all drafts at its start.
   */
  draft(name: string): Promise<Draft>;
  /**
   * Removes objects; absent ones are no error. After a crash, the caller repeats the call. The caller ensures that none
   * of the objects is stored during the call. A stream that was opened before the call may fail. Throws
   * `data-folder-damaged` when some objects cannot be removed; the others are gone.
   */
  remove(digests: readonly Digest[]): Promise<void>;
  close(): Promise<void>;
}

/** An object that is being written. One writer uses it at a time. */
export interface Draft {
  /** The bytes written so far. */
  readonly size: number;
  append(bytes: Uint8Array): Promise<void>;
  /** Writes at a position inside or beyond the current bytes. A gap reads as zeros. */
  write(at: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  read(range: ByteSpan): Readable;
  hash(): Promise<HashedFile>;
  /**
   * Turns the draft into the object with this digest, which the caller has checked. It is durable when the promise
   * resolves.
   */
  keep(digest: Digest): Promise<void>;
  /** Closes the draft and leaves its bytes for a later `draft` of the same name. */
  suspend(): Promise<void>;
  discard(): Promise<void>;
}
