import { createReadStream } from 'node:fs';
import { constants, open, rm } from 'node:fs/promises';
import type { Digest } from '../content/digest.ts';
import type { HashThreads } from '../hashing/hash-threads.ts';
import type { Draft } from './object-store.ts';

/** Opens a draft that is kept in a file. `keep` receives the file, closed and synced, and moves it to its place. */
export async function openDraft(
  file: string,
  hashThreads: HashThreads,
  keep: (file: string, digest: Digest) => Promise<void>,
): Promise<Draft> {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  let size = (await handle.stat()).size;
  const write = async (at: number, bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length; )
      done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    size = Math.max(size, at + bytes.length);
  };
  return {
    get size() {
      return size;
    },
    append: (bytes) => write(size, bytes),
    write,
    async truncate(to) {
      await handle.truncate(to);
      size = to;
    },
    // `createReadStream` expects the last byte, not the end.
    read: ({ start, end }) => createReadStream(file, { start, end: end - 1 }),
    hash: () => hashThreads.remote.hashFile(file),
    async keep(digest) {
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
      await keep(file, digest);
    },
    suspend: () => handle.close(),
    async discard() {
      await handle.close();
      await rm(file, { force: true });
    },
  };
}
