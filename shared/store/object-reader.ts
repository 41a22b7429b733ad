import { createHash } from 'node:crypto';
import { createReadStream, openSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SMALL_OBJECT } from '../bundle.ts';
import { type Digest, digestBytes } from '../digest.ts';
import { systemCode } from '../errors.ts';
import { openForReading, statements } from '../sqlite/open.ts';
import { largeObjectFile, smallObjectsFile } from './layout.ts';
import type { ByteRange } from './object-store.ts';

/**
 * Reads a file store that another process or thread writes. A small object is read in one synchronous look-up
 * of some ten microseconds: cheaper than the hand-over to a thread, also for a server's event loop.
 */
export interface ObjectReader {
  /** A whole object of at most SMALL_OBJECT bytes; undefined when it is not stored. */
  small(digest: Digest): Buffer | undefined;
  /** A whole larger object, synchronously; undefined when it is not stored. */
  large(digest: Digest): Buffer | undefined;
  /** A whole larger object, read and hashed in slices; undefined when it is not stored, or not sound. */
  verified(digest: Digest, size: number): Promise<Buffer | undefined>;
  /** Streams a larger object, or a range of it; undefined when it is not stored. */
  stream(digest: Digest, range?: ByteRange): Readable | undefined;
  close(): void;
}

export const isSmall = (size: number) => size <= SMALL_OBJECT;

const SLICE_BYTES = 256 * 1024;

export function openObjectReader(folder: string): ObjectReader {
  const database = openForReading(smallObjectsFile(folder));
  const sql = statements(database);
  return {
    small(digest) {
      const row = sql('SELECT bytes FROM object WHERE digest = ?').get(digestBytes(digest));
      if (row === undefined) return undefined;
      const bytes = row.bytes as Uint8Array;
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    },
    large(digest) {
      return ifThere(() => readFileSync(largeObjectFile(folder, digest)));
    },
    async verified(digest, size) {
      const stream = this.stream(digest);
      if (stream === undefined) return undefined;
      const bytes = Buffer.allocUnsafeSlow(size);
      const hash = createHash('sha256');
      let at = 0;
      for await (const slice of stream as AsyncIterable<Buffer>) {
        if (at + slice.length > size) return undefined;
        hash.update(slice);
        at += slice.copy(bytes, at);
      }
      return at === size && hash.digest('hex') === digest ? bytes : undefined;
    },
    stream(digest, range) {
      // Open from now on: it can still be read when it is removed meanwhile.
      const fd = ifThere(() => openSync(largeObjectFile(folder, digest), 'r'));
      return fd === undefined
        ? undefined
        : createReadStream('', { ...range, fd, highWaterMark: SLICE_BYTES });
    },
    close: () => database.close(),
  };
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
