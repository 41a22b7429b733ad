import { closeSync, openSync, readSync } from 'node:fs';
import type { Chunk } from '../content/chunk-list.ts';
import { type Digest, digestFromBytes, digestOf, newHasher } from '../content/digest.ts';
import { CHUNKED_ABOVE, firstChunk, MAX_CHUNK } from '../content/fastcdc.ts';
import { hasCode, type PlainError, toPlainError } from '../errors.ts';
import { changed, type FileStamp, openRealFile, stampOf } from '../files/real-file.ts';
import { ruleFaults } from '../site/rules/rule-faults.ts';
import type { HashedFile } from './hashed-file.ts';

const READ_BYTES = 4 * MAX_CHUNK;

export interface FileDigest {
  readonly digest: Digest;
  readonly size: number;
  /** The stamp of the file while it was read. */
  readonly stamp: FileStamp;
}

/** How many times the thread reads a file that changes while it is read. */
const READINGS = 3;

/** Reads whole files. The calls block their thread. */
export const hashCalls = {
  ruleFaults,

  /** For each file, given by its real path: its digest and size, or the reason why it cannot be read. */
  digests: (files: readonly string[]) =>
    files.map((file): FileDigest | PlainError => {
      try {
        return settledDigest(file);
      } catch (error) {
        return toPlainError(error);
      }
    }),

  /** The digest, the size and the content-defined chunks of a file. */
  hashFile(file: string): HashedFile {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const hasher = newHasher();
    const chunks: Chunk[] = [];
    let size = 0;
    const handle = openSync(file, 'r');
    try {
      let held = 0;
      let ended = false;
      while (!ended || held > 0) {
        while (!ended && held < buffer.length) {
          const read = readSync(handle, buffer, held, buffer.length - held, null);
          hasher.update(buffer.subarray(held, held + read));
          held += read;
          size += read;
          ended = read === 0;
        }
        let start = 0;
        while (start < held && (ended || held - start >= MAX_CHUNK)) {
          const length = firstChunk(buffer, start, held);
          chunks.push({ digest: digestOf(buffer.subarray(start, start + length)), size: length });
          start += length;
        }
        buffer.copyWithin(0, start, held);
        held -= start;
      }
    } finally {
      closeSync(handle);
    }
    return { digest: digestFromBytes(hasher.digest()), size, chunks: size > CHUNKED_ABOVE ? chunks : [] };
  },
};

/** One buffer serves all files, because most files are small. */
const pieces = Buffer.allocUnsafe(MAX_CHUNK);

function settledDigest(file: string): FileDigest {
  for (let reading = 1; ; reading++) {
    try {
      return digestOfFile(file);
    } catch (error) {
      if (!hasCode(error, 'file-changed') || reading === READINGS) throw error;
    }
  }
}

function digestOfFile(file: string): FileDigest {
  const { handle, size, stamp } = openRealFile(file);
  try {
    const content = readToEnd(handle, size);
    if (stampOf(handle) !== stamp) throw changed(file);
    return { ...content, stamp };
  } finally {
    closeSync(handle);
  }
}

/** `length` is what the file had when it was opened. A file that was read with one call needs no second, nor a hasher. */
function readToEnd(handle: number, length: number): Omit<FileDigest, 'stamp'> {
  const first = readSync(handle, pieces);
  if (first === length) return { digest: digestOf(pieces.subarray(0, first)), size: first };
  const hasher = newHasher().update(pieces.subarray(0, first));
  let size = first;
  for (let read = readSync(handle, pieces); read > 0; read = readSync(handle, pieces)) {
    hasher.update(pieces.subarray(0, read));
    size += read;
  }
  return { digest: digestFromBytes(hasher.digest()), size };
}

export type HashCalls = typeof hashCalls;
