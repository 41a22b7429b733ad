import { createReadStream, existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SMALL_OBJECT } from '../bundle.ts';
import { type Digest, digestBytes } from '../digest.ts';
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
  /** Streams a larger object, or a range of it; undefined when it is not stored. */
  stream(digest: Digest, range?: ByteRange): Readable | undefined;
  close(): void;
}

export const isSmall = (size: number) => size <= SMALL_OBJECT;

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
    stream(digest, range) {
      const file = largeObjectFile(folder, digest);
      return existsSync(file) ? createReadStream(file, range) : undefined;
    },
    close: () => database.close(),
  };
}
