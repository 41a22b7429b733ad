import { access, rm } from 'node:fs/promises';
import { SkerryError } from '../../shared/errors.ts';
import type { HashThreads } from '../../shared/hashing/hash-threads.ts';
import { openFileObjectStore } from '../../shared/store/file-object-store.ts';
import { largeFolder, smallObjectsFile } from '../../shared/store/layout.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { IN_FOLDER } from './places-state.ts';
import { s3Location } from './s3/location.ts';

/** A place that can hold the objects of an origin. */
export interface Place {
  readonly url: string;
  open(): Promise<ObjectStore>;
  /** Whether nothing is there, so that a store may begin there. */
  isEmpty(): Promise<boolean>;
  /** Deletes all objects that are there. Nobody has the place open. After a crash, the caller repeats the call. */
  clear(): Promise<void>;
}

/** The place with this URL. Throws `bad-config` for a URL that names none. `folder` is the data folder's for objects. */
export function storePlace(url: string, folder: string, hashThreads: HashThreads): Place {
  if (url === IN_FOLDER) return inFolder(folder, hashThreads);
  if (url.startsWith('file:'))
    throw new SkerryError('bad-config', 'objects in files are in the data folder: give file: alone');
  return inBucket(url, folder, hashThreads);
}

function inFolder(folder: string, hashThreads: HashThreads): Place {
  const files = [smallObjectsFile(folder), largeFolder(folder)];
  return {
    url: IN_FOLDER,
    open: () => openFileObjectStore(folder, hashThreads),
    async isEmpty() {
      const found = await Promise.all(
        files.map((file) =>
          access(file).then(
            () => true,
            () => false,
          ),
        ),
      );
      return !found.includes(true);
    },
    async clear() {
      for (const file of files) await removeDatabase(file);
    },
  };
}

/** Only this loads the AWS SDK, which takes longer than the rest of the start. */
function inBucket(url: string, folder: string, hashThreads: HashThreads): Place {
  const location = s3Location(url);
  const bucket = async () => (await import('./s3/bucket.ts')).openBucket(location);
  return {
    url: location.url,
    async open() {
      const { openS3ObjectStore } = await import('./s3/s3-object-store.ts');
      return openS3ObjectStore(await bucket(), folder, hashThreads);
    },
    async isEmpty() {
      const opened = await bucket();
      try {
        for await (const page of opened.list('')) if (page.length > 0) return false;
        return true;
      } finally {
        opened.close();
      }
    },
    async clear() {
      const { clearBucket, indexFile } = await import('./s3/s3-object-store.ts');
      const opened = await bucket();
      try {
        await clearBucket(opened);
      } finally {
        opened.close();
      }
      await removeDatabase(indexFile(folder, location.url));
    },
  };
}

async function removeDatabase(file: string): Promise<void> {
  for (const end of ['', '-wal', '-shm']) await rm(`${file}${end}`, { recursive: true, force: true });
}
