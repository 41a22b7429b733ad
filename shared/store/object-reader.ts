import { createHash } from 'node:crypto';
import { createReadStream, openSync, readFileSync } from 'node:fs';
import { type Digest, digestBytes } from '../content/digest.ts';
import { SMALL_OBJECT } from '../content/small-object.ts';
import { systemCode } from '../errors.ts';
import { openForReading, statements } from '../sqlite/open.ts';
import { largeObjectFile, smallObjectsFile } from './layout.ts';

/**
 * Reads a file store that another process or thread writes. A small object is read by one synchronous look-up of about
 * ten microseconds. Even on a server's event loop, that is cheaper than a call to a thread.
 */
export interface ObjectReader {
  /** A whole object of at most SMALL_OBJECT bytes. Undefined when it is not stored. */
  small(digest: Digest): Buffer | undefined;
  /** A whole larger object, read synchronously. Undefined when it is not stored. */
  large(digest: Digest): Buffer | undefined;
  /** A whole larger object, read and hashed in slices. Undefined when it is not stored, or damaged. */
  verified(digest: Digest, size: number): Promise<Buffer | undefined>;
  /** The descriptor of a larger object's file, which the caller closes. Undefined when it is not stored. */
  openLarge(digest: Digest): number | undefined;
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
      const fd = this.openLarge(digest);
      if (fd === undefined) return undefined;
      const stream = createReadStream('', { fd, highWaterMark: SLICE_BYTES });
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
    openLarge: (digest) => ifThere(() => openSync(largeObjectFile(folder, digest), 'r')),
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
