import { closeSync, openSync, readSync } from 'node:fs';
import type { Chunk } from '../content/chunk-list.ts';
import { type Digest, digestFromBytes, digestOf, newHasher } from '../content/digest.ts';
import { CHUNKED_ABOVE, firstChunk, MAX_CHUNK } from '../content/fastcdc.ts';
import { SMALL_OBJECT } from '../content/small-object.ts';
import { hasCode, type PlainError, toPlainError } from '../errors.ts';
import { changed, type FileStamp, hasChanged, type OpenFile, stampOf } from '../files/real-file.ts';
import { openRealFolder, type RealFolder } from '../files/real-folder.ts';
import { ruleFaults } from '../site/rules/rule-faults.ts';
import type { HashedFile } from './hashed-file.ts';

const READ_BYTES = 4 * MAX_CHUNK;

/** Files of one folder. */
export interface FolderFiles {
  /** The real path of the folder. */
  readonly folder: string;
  /** Names with slashes between them: one text passes to a thread faster than many. */
  readonly names: string;
}

export interface FileDigests {
  /** The digests of the files that were hashed, one after another. */
  readonly digests: string;
  /** The sizes of the same files. */
  readonly sizes: Float64Array;
  /** Stamps by the number of the file among all. A small file has none, because its content is compared instead. */
  readonly stamps: ReadonlyMap<number, FileStamp>;
  /** The files that were not hashed: why a file cannot be read, or that it is larger than asked for. */
  readonly others: ReadonlyMap<number, PlainError | 'large'>;
}

/** How many times the thread reads a file that changes while it is read. */
const READINGS = 3;

/** Reads whole files. The calls block their thread. */
export const hashCalls = {
  ruleFaults,

  /** Digests and sizes of the files that have at most `most` bytes. */
  digests(folders: readonly FolderFiles[], most: number): FileDigests {
    const sizes: number[] = [];
    const stamps = new Map<number, FileStamp>();
    const others = new Map<number, PlainError | 'large'>();
    let digests = '';
    let number = 0;
    for (const { folder, names } of folders) {
      for (const found of digestsIn(folder, names.split('/'), most)) {
        if (found === 'large' || !('digest' in found)) others.set(number, found);
        else {
          digests += found.digest;
          sizes.push(found.size);
          if (found.size > SMALL_OBJECT) stamps.set(number, found.stamp());
        }
        number++;
      }
    }
    return { digests, sizes: Float64Array.from(sizes), stamps, others };
  },

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

interface Hashed {
  readonly digest: Digest;
  readonly size: number;
  /** The stamp of the file while it was read. */
  stamp(): FileStamp;
}

function* digestsIn(
  path: string,
  names: readonly string[],
  most: number,
): Generator<Hashed | PlainError | 'large'> {
  let folder: RealFolder;
  try {
    folder = openRealFolder(path);
  } catch (error) {
    yield* names.map(() => toPlainError(error));
    return;
  }
  try {
    for (const name of names) yield digestOrReason(folder, name, most);
  } finally {
    folder.close();
  }
}

function digestOrReason(folder: RealFolder, name: string, most: number): Hashed | PlainError | 'large' {
  for (let reading = 1; ; reading++) {
    try {
      return digestOfFile(folder.open(name), name, most);
    } catch (error) {
      if (!hasCode(error, 'file-changed') || reading === READINGS) return toPlainError(error);
    }
  }
}

function digestOfFile(file: OpenFile, name: string, most: number): Hashed | 'large' {
  try {
    if (file.size > most) return 'large';
    const content = readToEnd(file.handle, file.size);
    if (hasChanged(file)) throw changed(name);
    return { ...content, stamp: () => stampOf(file) };
  } finally {
    closeSync(file.handle);
  }
}

/** `length` is what the file had when it was opened. A file that was read with one call needs no second, nor a hasher. */
function readToEnd(handle: number, length: number): Omit<Hashed, 'stamp'> {
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
