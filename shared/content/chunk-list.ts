import { type Digest, digestBytes, digestFromBytes } from './digest.ts';
import { MAX_CHUNK, MIN_CHUNK } from './fastcdc.ts';

export interface Chunk {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** The chunks of one object, in order. The encoded list is itself an object, named by the entry's `chunks`. */
export interface ChunkList {
  readonly object: Digest;
  readonly size: number;
  readonly chunks: readonly Chunk[];
}

const MAGIC = Buffer.from('SKCL\x01');
const HEADER = MAGIC.length + 32 + 8;
const ROW = 4 + 32;

/** `SKCL` 0x01 ‖ object digest (32) ‖ object size (u64) ‖ per chunk: size (u32) ‖ digest (32). Big-endian. */
export function encodeChunkList(list: ChunkList): Buffer {
  const out = Buffer.alloc(HEADER + list.chunks.length * ROW);
  MAGIC.copy(out);
  digestBytes(list.object).copy(out, MAGIC.length);
  out.writeBigUInt64BE(BigInt(list.size), MAGIC.length + 32);
  list.chunks.forEach((chunk, i) => {
    out.writeUInt32BE(chunk.size, HEADER + i * ROW);
    digestBytes(chunk.digest).copy(out, HEADER + i * ROW + 4);
  });
  return out;
}

/** The largest size of a chunk list for an object of this size. */
export function mostChunkListBytes(size: number): number {
  return HEADER + Math.ceil(size / MIN_CHUNK) * ROW;
}

/** Throws a TypeError unless the list is well formed and its chunks add up to the object's size. */
export function decodeChunkList(bytes: Buffer): ChunkList {
  if (bytes.length < HEADER || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new TypeError('not a chunk list of version 1');
  }
  if ((bytes.length - HEADER) % ROW !== 0) throw new TypeError('chunk list is cut off');
  const object = digestFromBytes(bytes.subarray(MAGIC.length, MAGIC.length + 32));
  const size = Number(bytes.readBigUInt64BE(MAGIC.length + 32));
  const chunks: Chunk[] = [];
  let total = 0;
  for (let at = HEADER; at < bytes.length; at += ROW) {
    const chunk = { size: bytes.readUInt32BE(at), digest: digestFromBytes(bytes.subarray(at + 4, at + ROW)) };
    if (chunk.size === 0 || chunk.size > MAX_CHUNK) throw new TypeError(`chunk of ${chunk.size} bytes`);
    total += chunk.size;
    chunks.push(chunk);
  }
  if (total !== size) throw new TypeError(`chunks add up to ${total} bytes, not ${size}`);
  return { object, size, chunks };
}
