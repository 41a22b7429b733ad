import { closeSync, createReadStream, readSync } from 'node:fs';
import { digestOf } from '../../../shared/content/digest.ts';
import { hasCode, SkerryError, systemCode } from '../../../shared/errors.ts';
import { changed, type OpenFile, openUnproven, stampOf } from '../../../shared/files/real-file.ts';
import type { HashedFile } from './hash-files.ts';

/**
 * The bytes of a small file, if they are still those that were hashed. Throws `file-changed` otherwise. The read is
 * synchronous: the file is in the system's cache, because it was read for its digest. So it takes ten microseconds.
 * Three hand-overs to another thread would take five times as long, and this process has no requests to answer.
 */
export function readHashed({ file, path, size, digest }: HashedFile): Buffer {
  const { handle } = open(file, path);
  let bytes: Buffer;
  try {
    bytes = readUpTo(handle, size + 1);
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    closeSync(handle);
  }
  if (bytes.length !== size || digestOf(bytes) !== digest) throw changed(path);
  return bytes;
}

/**
 * The bytes of a large file, from a position on. The open descriptor must be of the file that was hashed. Throws `file-changed` when the
 * file was written to since, or is written to while it is read.
 */
export async function* streamHashed(
  { file, path, size, stamp }: HashedFile,
  from = 0,
): AsyncGenerator<Buffer> {
  const { handle, stamp: now } = open(file, path);
  try {
    if (now !== stamp) throw changed(path);
    if (from < size) yield* pieces(handle, path, from, size);
    if (stampOf(handle) !== stamp) throw changed(path);
  } finally {
    closeSync(handle);
  }
}

async function* pieces(handle: number, path: string, start: number, end: number): AsyncGenerator<Buffer> {
  try {
    for await (const piece of createReadStream('', { fd: handle, autoClose: false, start, end: end - 1 }))
      yield piece as Buffer;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function open(file: string, path: string): OpenFile {
  try {
    return openUnproven(file);
  } catch (cause) {
    throw hasCode(cause, 'file-changed') ? changed(path, cause) : unreadable(path, cause);
  }
}

/** Reads at most `most` bytes, even if the file has grown. */
function readUpTo(handle: number, most: number): Buffer {
  const buffer = Buffer.allocUnsafe(most);
  return buffer.subarray(0, readSync(handle, buffer));
}

function unreadable(path: string, cause: unknown): SkerryError {
  return new SkerryError('unreadable-file', `${path} cannot be read (${systemCode(cause)})`, { cause });
}
