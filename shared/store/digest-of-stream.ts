import type { Readable } from 'node:stream';
import { type Digest, digestFromBytes, newHasher } from '../content/digest.ts';

/** The digest of what a stream gives; undefined when there is none, or it cannot be read. */
export async function digestOfStream(stream: Readable | undefined): Promise<Digest | undefined> {
  if (stream === undefined) return undefined;
  const hasher = newHasher();
  try {
    for await (const piece of stream) hasher.update(piece as Buffer);
  } catch {
    return undefined;
  }
  return digestFromBytes(hasher.digest());
}
