import type { Readable } from 'node:stream';
import { type Digest, digestFromBytes, newHasher } from '../content/digest.ts';
import { systemCode } from '../errors.ts';

/**
 * Called after each piece of work, with the number of its bytes. It resolves when the work may go on, and never
 * rejects.
 */
export type Rest = (bytes: number) => Promise<void>;

/** The codes of errors that prove an object to be deleted or unreadable. */
const UNREADABLE: readonly (string | undefined)[] = ['ENOENT', 'EIO'];

/**
 * The digest of the bytes of a stream. Undefined when there is no stream, or when the disk cannot read it. Rejects when
 * the signal aborts, and when the read fails for a reason that says nothing about the bytes.
 */
export async function digestOfStream(
  stream: Readable | undefined,
  signal: AbortSignal,
  rest?: Rest,
): Promise<Digest | undefined> {
  if (stream === undefined) return undefined;
  const hasher = newHasher();
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      hasher.update(piece);
      await rest?.(piece.length);
    }
  } catch (error) {
    if (UNREADABLE.includes(systemCode(error))) return undefined;
    throw error;
  }
  return digestFromBytes(hasher.digest());
}
