import { digestFromBytes } from '../content/digest.ts';
import type { Bucket } from '../content/manifest/buckets.ts';
import { SkerryError } from '../errors.ts';

/** Buckets on the wire: for each bucket, in ascending order, its number (u16, big-endian) and its digest (32 bytes). */
export const BUCKETS_TYPE = 'application/vnd.skerry.buckets';

const ROW = 2 + 32;

export function encodeBuckets(buckets: readonly Bucket[]): Buffer {
  const out = Buffer.alloc(buckets.length * ROW);
  buckets.forEach(({ number, digest }, i) => {
    out.writeUInt16BE(number, i * ROW);
    out.set(digest, i * ROW + 2);
  });
  return out;
}

/** Throws `upstream-protocol` unless the bytes are whole rows in ascending order. */
export function decodeBuckets(bytes: Buffer): Bucket[] {
  const buckets: Bucket[] = [];
  for (let at = 0; at + ROW <= bytes.length; at += ROW) {
    const number = bytes.readUInt16BE(at);
    if (number <= (buckets.at(-1)?.number ?? -1)) break;
    buckets.push({ number, digest: bytes.subarray(at + 2, at + ROW) });
  }
  if (buckets.length * ROW !== bytes.length)
    throw new SkerryError('upstream-protocol', 'a list of buckets is cut off or out of order');
  return buckets;
}

/** The numbers of the buckets that differ between the two sides. */
export function differing(own: readonly Bucket[], theirs: readonly Bucket[]): number[] {
  const left = new Map(own.map(({ number, digest }) => [number, digestFromBytes(digest)]));
  const right = new Map(theirs.map(({ number, digest }) => [number, digestFromBytes(digest)]));
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((number) => left.get(number) !== right.get(number))
    .sort((a, b) => a - b);
}
