import { createReadStream } from 'node:fs';
import { mkdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Digest } from '../content/digest.ts';
import { SkerryError, systemCode } from '../errors.ts';
import { moveDurably, syncFolder } from '../files/durable-file.ts';
import type { HashThreads } from '../hashing/hash-threads.ts';
import { moduleUrl } from '../process/module-url.ts';
import { STAYS, startThreads } from '../process/thread.ts';
import { openDraft } from './draft.ts';
import { draftsFolder, largeFolder, largeObjectFile, smallObjectsFile } from './layout.ts';
import type { ObjectStore } from './object-store.ts';
import type { SmallObjects } from './small-objects.worker.ts';

/** Stores objects in a folder: small ones in one SQLite file, each larger one in a file of its own. */
export async function openFileObjectStore(folder: string, hashThreads: HashThreads): Promise<ObjectStore> {
  await mkdir(draftsFolder(folder), { recursive: true });
  for (let i = 0; i < 256; i++) {
    await mkdir(join(largeFolder(folder), i.toString(16).padStart(2, '0')), { recursive: true });
  }
  await syncFolder(largeFolder(folder));
  const module = moduleUrl('./small-objects.worker', import.meta.url);
  const small = startThreads<SmallObjects>(module, 1, { file: smallObjectsFile(folder), folder }, STAYS);
  await small.remote.missing([]);

  const largeSize = async (digest: Digest) => {
    try {
      return (await stat(largeObjectFile(folder, digest))).size;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  };

  const readSmall = async (digests: readonly Digest[]) => {
    const found = await small.remote.read(digests);
    return new Map(
      [...found].map(([digest, b]) => [digest, Buffer.from(b.buffer, b.byteOffset, b.length)] as const),
    );
  };

  return {
    missing: (digests) => small.remote.missing(digests),

    putSmall: (objects) => small.remote.put(objects),

    readSmall,

    size: async (digest) => (await small.remote.size(digest)) ?? largeSize(digest),

    async open(digest, range): Promise<Readable | undefined> {
      const bytes = (await readSmall([digest])).get(digest);
      if (bytes !== undefined)
        return Readable.from([range ? bytes.subarray(range.start, range.end) : bytes], {
          objectMode: false,
        });
      return (await largeSize(digest)) === undefined
        ? undefined
        : createReadStream(
            largeObjectFile(folder, digest),
            range && { start: range.start, end: range.end - 1 },
          );
    },

    async remove(digests) {
      const folders = new Set<string>();
      const { absent, stuck } = await small.remote.remove(digests);
      for (const digest of absent) {
        const file = largeObjectFile(folder, digest);
        if (await unlinked(file)) folders.add(dirname(file));
      }
      for (const changed of folders) await syncFolder(changed);
      if (stuck.length > 0)
        throw new SkerryError(
          'data-folder-damaged',
          `${stuck.length} objects cannot be removed from ${smallObjectsFile(folder)}, because it is damaged`,
        );
    },

    draft: (name) =>
      openDraft(join(draftsFolder(folder), name), hashThreads, (file, digest) =>
        moveDurably(file, largeObjectFile(folder, digest)),
      ),

    async close() {
      await small.remote.close();
      await small.close();
    },
  };
}

async function unlinked(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
