import { type Digest, digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import type { SmallObject } from '../../../shared/store/object-store.ts';

/** The place of an object in a pack. */
export interface Packed {
  readonly digest: Digest;
  readonly offset: number;
  readonly size: number;
}

const MAGIC = 'SKP1';
const DIGEST_BYTES = 32;
const ROW = DIGEST_BYTES + 8;
export const TRAILER = 8;

/**
 * A pack holds many small objects: their bytes, then a row for each (digest, offset u32, size u32, big-endian), then
 * the number of rows (u32) and `SKP1`. Read from its end, a pack describes its own content.
 */
export function encodePack(objects: readonly SmallObject[]): { bytes: Buffer; rows: Packed[] } {
  const rows: Packed[] = [];
  let offset = 0;
  for (const { digest, bytes } of objects) {
    rows.push({ digest, offset, size: bytes.length });
    offset += bytes.length;
  }
  const index = Buffer.alloc(rows.length * ROW + TRAILER);
  for (const [i, row] of rows.entries()) {
    index.set(digestBytes(row.digest), i * ROW);
    index.writeUInt32BE(row.offset, i * ROW + DIGEST_BYTES);
    index.writeUInt32BE(row.size, i * ROW + DIGEST_BYTES + 4);
  }
  index.writeUInt32BE(rows.length, rows.length * ROW);
  index.write(MAGIC, rows.length * ROW + 4, 'latin1');
  return { bytes: Buffer.concat([...objects.map(({ bytes }) => bytes), index]), rows };
}

/** The length of the index before the trailer. Undefined when the bytes are not the end of a pack. */
export function indexLength(trailer: Buffer): number | undefined {
  if (trailer.length !== TRAILER || trailer.toString('latin1', 4) !== MAGIC) return undefined;
  return trailer.readUInt32BE(0) * ROW;
}

export function decodeIndex(index: Buffer): Packed[] {
  return Array.from({ length: index.length / ROW }, (_, i) => ({
    digest: digestFromBytes(index.subarray(i * ROW, i * ROW + DIGEST_BYTES)),
    offset: index.readUInt32BE(i * ROW + DIGEST_BYTES),
    size: index.readUInt32BE(i * ROW + DIGEST_BYTES + 4),
  }));
}
