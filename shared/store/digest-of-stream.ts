import type { Readable } from 'node:stream';
import { type Digest, digestFromBytes, newHasher } from '../content/digest.ts';

/** The digest of the bytes of a stream. Undefined when there is no stream, or when it cannot be read. */
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
