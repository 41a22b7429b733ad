import { statSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { type Digest, digestBytes } from '../content/digest.ts';
import { isDatabaseDamage } from '../errors.ts';
import { serveOpened } from '../process/served-calls.ts';
import { openDatabase, statements, transaction } from '../sqlite/open.ts';
import { largeObjectFile } from './layout.ts';
import type { SmallObject } from './object-store.ts';

const migrations = [
  `CREATE TABLE object (id INTEGER PRIMARY KEY, digest BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
   CREATE UNIQUE INDEX object_digest ON object (digest)`,
];

/** Free pages are returned to the disk in portions, because SQLite has to move other pages into their places. */
const PAGES_GIVEN_BACK = 4096;

export interface SmallObjectsPlace {
  readonly file: string;
  /** The folder of the whole store. */
  readonly folder: string;
}

/** One SQLite file for all small objects. A batch is one transaction, so it takes one sync. */
function openSmallObjects({ file, folder }: SmallObjectsPlace) {
  const database = openDatabase(file, migrations, 'shrinking');
  const sql = statements(database);
  const stored = (digest: Digest) =>
    sql('SELECT 1 FROM object WHERE digest = ?').get(digestBytes(digest)) !== undefined;
  const isFile = (digest: Digest) =>
    statSync(largeObjectFile(folder, digest), { throwIfNoEntry: false }) !== undefined;
  const isRemoved = (digest: Digest) =>
    sql('DELETE FROM object WHERE digest = ?').run(digestBytes(digest)).changes > 0;
  const isStuck = (digest: Digest) => {
    try {
      transaction(database, () => isRemoved(digest));
      return false;
    } catch (error) {
      if (isDatabaseDamage(error)) return true;
      throw error;
    }
  };
  return {
    /**
     * The digests of objects that are not stored. A synchronous look-up of ten thousand files in this thread takes a
     * tenth of the time of asynchronous ones.
     */
    missing: (digests: readonly Digest[]) => digests.filter((digest) => !stored(digest) && !isFile(digest)),
    put(objects: readonly SmallObject[]) {
      transaction(database, () => {
        for (const { digest, bytes } of objects) {
          const key = digestBytes(digest);
          if (sql('INSERT OR IGNORE INTO object (digest, bytes) VALUES (?, ?)').run(key, bytes).changes > 0)
            continue;
          // Bytes that the disk has altered are replaced. Otherwise the store would keep them in place of the bytes
          // that were just checked.
          sql('UPDATE object SET bytes = ? WHERE digest = ? AND bytes != ?').run(bytes, key, bytes);
        }
      });
    },
    read(digests: readonly Digest[]): Map<Digest, Uint8Array> {
      const found = new Map<Digest, Uint8Array>();
      for (const digest of digests) {
        const row = sql('SELECT bytes FROM object WHERE digest = ?').get(digestBytes(digest));
        if (row !== undefined) found.set(digest, row.bytes as Uint8Array);
      }
      return found;
    },
    /** Finds the size without reading the object. */
    size(digest: Digest): number | undefined {
      const row = sql('SELECT length(bytes) AS size FROM object WHERE digest = ?').get(digestBytes(digest));
      return row === undefined ? undefined : Number(row.size);
    },
    /**
     * Removes the objects that this file holds. Returns the digests of the others, and of those that stay because a
     * page is damaged.
     */
    remove(digests: readonly Digest[]): { absent: Digest[]; stuck: Digest[] } {
      try {
        const absent = transaction(database, () => digests.filter((digest) => !isRemoved(digest)));
        database.exec(`PRAGMA incremental_vacuum(${PAGES_GIVEN_BACK})`);
        return { absent, stuck: [] };
      } catch (error) {
        if (!isDatabaseDamage(error)) throw error;
        const stuck = new Set(digests.filter(isStuck));
        return { absent: digests.filter((digest) => !stuck.has(digest)), stuck: [...stuck] };
      }
    },
    close: () => database.close(),
  };
}

export type SmallObjects = ReturnType<typeof openSmallObjects>;

export default serveOpened(() => openSmallObjects(workerData as unknown as SmallObjectsPlace));
