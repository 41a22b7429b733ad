import type { Readable } from 'node:stream';
import { type Digest, digestFromBytes, newHasher } from '../content/digest.ts';

/** Called between pieces of work. It resolves when the work may go on, and never rejects. */
export type Rest = () => Promise<void>;

/** The digest of the bytes of a stream. Undefined when there is no stream, or when it cannot be read. */
export async function digestOfStream(stream: Readable | undefined, rest?: Rest): Promise<Digest | undefined> {
  if (stream === undefined) return undefined;
  const hasher = newHasher();
  try {
    for await (const piece of stream) {
      hasher.update(piece as Buffer);
      await rest?.();
    }
  } catch {
    return undefined;
  }
  return digestFromBytes(hasher.digest());
}
