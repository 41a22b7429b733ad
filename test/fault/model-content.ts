import { type Digest, digestOf } from '../../shared/content/digest.ts';
import { random } from '../helpers/random.ts';

const contents = new Map<string, Buffer>();

/**
 * Bytes that depend on seed and size. Those of one seed resemble each other, so that deltas and copied chunks occur.
 */
export function contentOf(seed: number, size: number): Buffer {
  const key = `${seed} ${size}`;
  const kept = contents.get(key);
  if (kept !== undefined) return kept;
  const base = noiseOf(seed);
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += base.length) base.copy(bytes, at);
  Buffer.from(`${size};`).copy(bytes);
  if (size > 2000) Buffer.from(`edit of ${size}`).copy(bytes, Math.floor(size / 2));
  if (contents.size > 300) contents.clear();
  contents.set(key, bytes);
  return bytes;
}

const bases = new Map<number, Buffer>();

function noiseOf(seed: number): Buffer {
  let base = bases.get(seed);
  if (base === undefined) {
    const dice = random(seed + 77);
    base = Buffer.alloc(262_144);
    for (let i = 0; i < base.length; i++) base[i] = dice.below(64) + 32;
    bases.set(seed, base);
  }
  return base;
}

const digests = new WeakMap<Buffer, Digest>();

/** Hashes each buffer once. Damage always creates a new buffer. */
export function digestOnce(bytes: Buffer): Digest {
  let digest = digests.get(bytes);
  if (digest === undefined) {
    digest = digestOf(bytes);
    digests.set(bytes, digest);
  }
  return digest;
}
