import { createHash } from 'node:crypto';

/**
 * Content-defined chunking after FastCDC (Xia et al., USENIX ATC 2016) with normalized chunking, level 2: sizes from
 * 128 KiB to 1 MiB around 512 KiB. The gear table is derived from SHA-256, so that the whole algorithm is defined by
 * this file and a second implementation produces the same chunks.
 */
export const MIN_CHUNK = 128 * 1024;
export const TARGET_CHUNK = 512 * 1024;
export const MAX_CHUNK = 1024 * 1024;

/** Objects above this many bytes have a chunk list. */
export const CHUNKED_ABOVE = 1024 * 1024;

const BELOW_TARGET_BITS = 21;
const ABOVE_TARGET_BITS = 17;
const maskBelow = (0xffffffff << (32 - BELOW_TARGET_BITS)) | 0;
const maskAbove = (0xffffffff << (32 - ABOVE_TARGET_BITS)) | 0;

const gear = Int32Array.from({ length: 256 }, (_, byte) =>
  createHash('sha256').update(Uint8Array.of(byte)).digest().readInt32BE(0),
);

/**
 * The length of the first chunk of `bytes[start, end)`. The range must reach MAX_CHUNK bytes or the end of the object;
 * otherwise the cut would depend on how the input was sliced.
 */
export function firstChunk(bytes: Uint8Array, start: number, end: number): number {
  const available = end - start;
  if (available <= MIN_CHUNK) return available;
  const target = start + Math.min(TARGET_CHUNK, available);
  const limit = start + Math.min(MAX_CHUNK, available);
  let fingerprint = 0;
  let at = start + MIN_CHUNK;
  for (; at < target; at++) {
    fingerprint = ((fingerprint << 1) + (gear[bytes[at] as number] as number)) | 0;
    if ((fingerprint & maskBelow) === 0) return at + 1 - start;
  }
  for (; at < limit; at++) {
    fingerprint = ((fingerprint << 1) + (gear[bytes[at] as number] as number)) | 0;
    if ((fingerprint & maskAbove) === 0) return at + 1 - start;
  }
  return limit - start;
}
