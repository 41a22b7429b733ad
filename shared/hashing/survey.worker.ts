import { closeSync, openSync, readSync } from 'node:fs';
import type { Chunk } from '../chunk-list.ts';
import { type Digest, digestFromBytes, digestOf, newHasher } from '../digest.ts';
import { CHUNKED_ABOVE, firstChunk, MAX_CHUNK } from '../fastcdc.ts';
import type { Survey } from '../store/object-store.ts';
import { serveCalls } from '../thread.ts';

const READ_BYTES = 4 * MAX_CHUNK;

const surveys = {
  /** The digest and size alone. */
  digest(file: string): { digest: Digest; size: number } {
    const handle = openSync(file, 'r');
    try {
      const buffer = Buffer.allocUnsafe(MAX_CHUNK);
      const hasher = newHasher();
      let size = 0;
      for (let read = readSync(handle, buffer); read > 0; read = readSync(handle, buffer)) {
        hasher.update(buffer.subarray(0, read));
        size += read;
      }
      return { digest: digestFromBytes(hasher.digest()), size };
    } finally {
      closeSync(handle);
    }
  },

  /** The digest, size and content-defined chunks. */
  survey(file: string): Survey {
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

export type Surveys = typeof surveys;

export default serveCalls(surveys);
