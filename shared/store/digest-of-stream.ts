import type { Readable } from 'node:stream';
import { type Digest, digestFromBytes, newHasher } from '../content/digest.ts';

/**
 * Called after each piece of work, with the number of its bytes. It resolves when the work may go on, and never
 * rejects.
 */
export type Rest = (bytes: number) => Promise<void>;

/** The digest of the bytes of a stream. Rejects when the signal aborts, and when the read fails. */
export async function digestOfStream(stream: Readable, signal: AbortSignal, rest?: Rest): Promise<Digest> {
  const hasher = newHasher();
  for await (const piece of stream as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    hasher.update(piece);
    await rest?.(piece.length);
  }
  return digestFromBytes(hasher.digest());
}
