import { closeSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { digestOf } from '../../../shared/content/digest.ts';
import { hasCode, SkerryError, systemCode } from '../../../shared/errors.ts';
import {
  changed,
  hasChanged,
  type OpenFile,
  openUnproven,
  stampOf,
} from '../../../shared/files/real-file.ts';
import type { HashedFile } from './hash-files.ts';

const PIECE_BYTES = 64 * 1024;
const readAt = promisify(read);

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
  const opened = open(file, path);
  try {
    if (stampOf(opened) !== stamp) throw changed(path);
    if (from < size) yield* pieces(opened.handle, path, from, size);
    if (hasChanged(opened)) throw changed(path);
  } finally {
    closeSync(opened.handle);
  }
}

/**
 * No stream of Node reads the file: destroyed early, it would also close the descriptor, or another one that has got the
 * same number by then.
 */
async function* pieces(handle: number, path: string, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at));
    const { bytesRead } = await readAt(handle, piece, 0, piece.length, at).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    if (bytesRead === 0) return;
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
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
