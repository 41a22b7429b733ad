import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { digestOf } from '../../../shared/digest.ts';
import { SkerryError, systemCode } from '../../../shared/errors.ts';
import type { HashedFile } from './hash-files.ts';

/**
 * The bytes of a small file, if they are still those that were hashed; else throws `digest-mismatch`. Synchronous:
 * the system has just read it for its digest, so it takes ten microseconds, a fifth of what three hand-overs to
 * another thread take, and this process answers nobody.
 */
export function readHashed({ file, path, size, digest }: HashedFile): Buffer {
  let bytes: Buffer;
  try {
    bytes = readUpTo(file, size + 1);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (bytes.length !== size || digestOf(bytes) !== digest) throw changed(path);
  return bytes;
}

/**
 * The bytes of a large file, as many as were hashed; throws `digest-mismatch` when there are fewer. That they
 * are the same the receiver finds out.
 */
export async function* streamHashed({ file, path, size }: HashedFile): AsyncGenerator<Buffer> {
  let read = 0;
  try {
    for await (const piece of createReadStream(file, { end: size - 1 })) {
      read += (piece as Buffer).length;
      yield piece as Buffer;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (read !== size) throw changed(path);
}

/** Not more than `most`, however much the file has become. */
function readUpTo(file: string, most: number): Buffer {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(most);
    return buffer.subarray(0, readSync(handle, buffer));
  } finally {
    closeSync(handle);
  }
}

function unreadable(path: string, cause: unknown): SkerryError {
  if (systemCode(cause) === 'ENOENT') return changed(path, cause);
  return new SkerryError('unreadable-file', `${path} cannot be read (${systemCode(cause)})`, { cause });
}

function changed(path: string, cause?: unknown): SkerryError {
  return new SkerryError('digest-mismatch', `${path} changed while it was published`, { cause });
}
