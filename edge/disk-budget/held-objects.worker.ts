import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { type Digest, digestBytes, digestFromBytes, isDigest } from '../../shared/content/digest.ts';
import { serveOpened } from '../../shared/process/served-calls.ts';
import { openDerived, statements, transaction } from '../../shared/sqlite/open.ts';
import { largeFolder, smallObjectsFile } from '../../shared/store/layout.ts';

const migrations = [
  `CREATE TABLE held (digest BLOB PRIMARY KEY, size INTEGER NOT NULL, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE INDEX held_used ON held (used)`,
];

export interface HeldObjectsPlace {
  readonly file: string;
  /** The folder of the object store. */
  readonly folder: string;
}

export interface HeldObject {
  readonly digest: Digest;
  /** The bytes that the object takes on the disk. A partial object takes fewer than the whole object would. */
  readonly size: number;
}

/** The time of the last use of an object, in milliseconds since 1970. This thread needs no further fields. */
export type Use = readonly [digest: Digest, at: number, ...unknown[]];

/**
 * The sizes of the objects on a lazy edge, and the time of their last use. If this table and the store differ, the
 * store is right.
 */
function openHeldObjects({ file, folder }: HeldObjectsPlace) {
  const database = openDerived(file, migrations);
  const sql = statements(database);
  compareWithStore();
  let bytes = Number(sql('SELECT coalesce(sum(size), 0) AS bytes FROM held').get()?.bytes);

  /** Makes the table match the store, because they may differ after a crash. */
  function compareWithStore(): void {
    database.prepare('ATTACH ? AS small').run(smallObjectsFile(folder));
    transaction(database, () => {
      database.exec('CREATE TEMP TABLE large (digest BLOB PRIMARY KEY, size INTEGER NOT NULL) STRICT');
      const insert = database.prepare('INSERT OR IGNORE INTO temp.large (digest, size) VALUES (?, ?)');
      for (const { digest, size } of largeObjects(folder)) insert.run(digestBytes(digest), size);
      database.exec(`
        DELETE FROM held WHERE digest NOT IN (SELECT digest FROM small.object)
          AND digest NOT IN (SELECT digest FROM temp.large);
        INSERT OR IGNORE INTO held SELECT digest, length(bytes), 0 FROM small.object;
        INSERT INTO held SELECT digest, size, 0 FROM temp.large WHERE true
          ON CONFLICT (digest) DO UPDATE SET size = excluded.size;
        DROP TABLE temp.large;
      `);
    });
    database.exec('DETACH small');
  }

  const sizeOf = (digest: Uint8Array) =>
    Number(sql('SELECT size FROM held WHERE digest = ?').get(digest)?.size ?? 0);

  return {
    /** Adds new objects, or the growth of known ones. Returns the number of bytes of all objects. */
    add(objects: readonly HeldObject[], now: number): number {
      transaction(database, () => {
        for (const { digest, size } of objects) {
          const name = digestBytes(digest);
          bytes += Math.max(0, size - sizeOf(name));
          sql(
            `INSERT INTO held (digest, size, used) VALUES (:name, :size, :now)
             ON CONFLICT (digest) DO UPDATE SET size = max(size, :size), used = max(used, :now)`,
          ).run({ name, size, now });
        }
      });
      return bytes;
    },

    use(uses: readonly Use[]): void {
      transaction(database, () => {
        for (const [digest, at] of uses)
          sql('UPDATE held SET used = ? WHERE digest = ? AND used < ?').run(at, digestBytes(digest), at);
      });
    },

    /** The objects that were not used since `before`, the least recently used first. */
    leastUsed: (before: number, limit: number): HeldObject[] =>
      sql('SELECT digest, size FROM held WHERE used < ? ORDER BY used LIMIT ?')
        .all(before, limit)
        .map(({ digest, size }) => ({
          digest: digestFromBytes(digest as Uint8Array),
          size: Number(size),
        })),

    remove(digests: readonly Digest[]): number {
      transaction(database, () => {
        for (const digest of digests) {
          const name = digestBytes(digest);
          bytes -= sizeOf(name);
          sql('DELETE FROM held WHERE digest = ?').run(name);
        }
      });
      return bytes;
    },

    bytes: () => bytes,

    close: () => database.close(),
  };
}

function* largeObjects(folder: string): Generator<HeldObject> {
  for (const part of readdirSync(largeFolder(folder))) {
    for (const name of readdirSync(join(largeFolder(folder), part))) {
      if (!isDigest(name)) continue;
      const file = statSync(join(largeFolder(folder), part, name), { throwIfNoEntry: false });
      if (file !== undefined) yield { digest: name, size: file.size };
    }
  }
}

export type HeldObjects = ReturnType<typeof openHeldObjects>;

export default serveOpened(() => openHeldObjects(workerData as unknown as HeldObjectsPlace));
