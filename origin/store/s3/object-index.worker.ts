import { workerData } from 'node:worker_threads';
import { type Digest, digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import { serveOpened } from '../../../shared/process/served-calls.ts';
import { openDatabase, relaxed, statements, transaction } from '../../../shared/sqlite/open.ts';
import type { Packed } from './pack.ts';
import type { Located } from './read-plan.ts';

const migrations = [
  `-- bytes: of all objects in the pack. live: of those that are found in it
   CREATE TABLE pack (
     id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, live INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE TABLE small (digest BLOB PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL, size INTEGER NOT NULL)
     STRICT, WITHOUT ROWID;
   CREATE INDEX small_pack ON small (pack);
   CREATE TABLE large (digest BLOB PRIMARY KEY, size INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
];

export interface LargeObject {
  readonly digest: Digest;
  readonly size: number;
}

/**
 * An index of where each object is in the bucket. The bucket is authoritative: the index is reconciled with it at each
 * start.
 */
function openObjectIndex(file: string) {
  const database = openDatabase(file, migrations);
  const sql = statements(database);
  database.exec(`CREATE TEMP TABLE seen_pack (key TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TEMP TABLE seen_large (digest BLOB PRIMARY KEY) WITHOUT ROWID`);

  const smallAt = (digest: Digest): Located | undefined => {
    const row = sql(
      'SELECT p.key, s.offset, s.size FROM small s JOIN pack p ON p.id = s.pack WHERE s.digest = ?',
    ).get(digestBytes(digest));
    if (row === undefined) return undefined;
    return { digest, key: String(row.key), offset: Number(row.offset), size: Number(row.size) };
  };
  const largeSize = (digest: Digest): number | undefined => {
    const row = sql('SELECT size FROM large WHERE digest = ?').get(digestBytes(digest));
    return row === undefined ? undefined : Number(row.size);
  };

  const insertPack = (key: string, rows: readonly Packed[]) => {
    const bytes = rows.reduce((sum, { size }) => sum + size, 0);
    return sql('INSERT INTO pack (key, bytes) VALUES (?, ?)').run(key, bytes).lastInsertRowid;
  };

  return {
    missing: (digests: readonly Digest[]) =>
      digests.filter((digest) => smallAt(digest) === undefined && largeSize(digest) === undefined),

    small: (digests: readonly Digest[]) => digests.flatMap((digest) => smallAt(digest) ?? []),

    largeSize,

    /** Adds a pack. An object that another pack has already is found there. */
    addPack(key: string, rows: readonly Packed[]) {
      transaction(database, () => {
        const id = insertPack(key, rows);
        let live = 0;
        for (const { digest, offset, size } of rows) {
          const { changes } = sql(
            'INSERT OR IGNORE INTO small (digest, pack, offset, size) VALUES (?, ?, ?, ?)',
          ).run(digestBytes(digest), id, offset, size);
          if (Number(changes) > 0) live += size;
        }
        sql('UPDATE pack SET live = ? WHERE id = ?').run(live, id);
      });
    },

    /** Packs at least half of which is not needed, the emptiest first, up to this many bytes that are needed. */
    halfEmpty(most: number): { key: string; objects: Located[] }[] {
      const packs: { key: string; objects: Located[] }[] = [];
      let live = 0;
      for (const row of sql('SELECT * FROM pack WHERE bytes > 0 AND live * 2 <= bytes ORDER BY live').all()) {
        live += Number(row.live);
        if (live > most && packs.length > 0) break;
        const key = String(row.key);
        const objects = sql('SELECT digest, offset, size FROM small WHERE pack = ?')
          .all(Number(row.id))
          .map(({ digest, offset, size }) => ({
            ...{ digest: digestFromBytes(digest as Uint8Array), key },
            ...{ offset: Number(offset), size: Number(size) },
          }));
        packs.push({ key, objects });
      }
      return packs;
    },

    /** From now on, these objects are found in a new pack. The packs that had them stay, and nothing is found in them. */
    movePacked(key: string, rows: readonly Packed[]) {
      transaction(database, () => {
        const id = insertPack(key, rows);
        for (const { digest, offset, size } of rows) {
          sql('UPDATE pack SET live = live - ? WHERE id = (SELECT pack FROM small WHERE digest = ?)').run(
            size,
            digestBytes(digest),
          );
          sql('UPDATE small SET pack = ?, offset = ? WHERE digest = ?').run(id, offset, digestBytes(digest));
        }
        sql('UPDATE pack SET live = bytes WHERE id = ?').run(id);
      });
    },

    dropPacks(keys: readonly string[]) {
      transaction(database, () => {
        for (const key of keys) sql('DELETE FROM pack WHERE key = ?').run(key);
      });
    },

    addLarge({ digest, size }: LargeObject) {
      sql('INSERT OR IGNORE INTO large (digest, size) VALUES (?, ?)').run(digestBytes(digest), size);
    },

    /**
     * The stored large objects among the digests, and the packs that hold only objects with these digests. The caller
     * names each digest once.
     */
    removable(digests: readonly Digest[]): { large: Digest[]; packs: string[] } {
      const going = new Map<string, number>();
      for (const { key } of digests.flatMap((digest) => smallAt(digest) ?? []))
        going.set(key, (going.get(key) ?? 0) + 1);
      const held = (key: string) =>
        Number(
          sql('SELECT count(*) AS n FROM small WHERE pack = (SELECT id FROM pack WHERE key = ?)').get(key)?.n,
        );
      return {
        large: digests.filter((digest) => largeSize(digest) !== undefined),
        packs: [...going].filter(([key, count]) => count >= held(key)).map(([key]) => key),
      };
    },

    remove(digests: readonly Digest[], packs: readonly string[]) {
      transaction(database, () => {
        for (const digest of digests) {
          sql(
            'UPDATE pack SET live = live - s.size FROM small s WHERE s.digest = ? AND pack.id = s.pack',
          ).run(digestBytes(digest));
          sql('DELETE FROM small WHERE digest = ?').run(digestBytes(digest));
          sql('DELETE FROM large WHERE digest = ?').run(digestBytes(digest));
        }
        for (const key of packs) sql('DELETE FROM pack WHERE key = ?').run(key);
      });
    },

    /** Marks packs that the bucket holds, and returns those that the index does not know. */
    sawPacks: (keys: readonly string[]) =>
      keys.filter((key) => {
        sql('INSERT OR IGNORE INTO temp.seen_pack (key) VALUES (?)').run(key);
        return sql('SELECT 1 FROM pack WHERE key = ?').get(key) === undefined;
      }),

    sawLarge(objects: readonly LargeObject[]) {
      relaxed(database, () => {
        for (const { digest, size } of objects) {
          sql('INSERT OR IGNORE INTO temp.seen_large (digest) VALUES (?)').run(digestBytes(digest));
          sql('INSERT OR IGNORE INTO large (digest, size) VALUES (?, ?)').run(digestBytes(digest), size);
        }
      });
    },

    /** Drops everything that was not seen in the bucket. */
    dropUnseen() {
      transaction(database, () => {
        sql(
          `DELETE FROM small WHERE pack IN
             (SELECT id FROM pack WHERE key NOT IN (SELECT key FROM temp.seen_pack))`,
        ).run();
        sql('DELETE FROM pack WHERE key NOT IN (SELECT key FROM temp.seen_pack)').run();
        sql('DELETE FROM large WHERE digest NOT IN (SELECT digest FROM temp.seen_large)').run();
      });
      database.exec('DELETE FROM temp.seen_pack; DELETE FROM temp.seen_large');
    },

    close: () => database.close(),
  };
}

export type ObjectIndex = ReturnType<typeof openObjectIndex>;

export default serveOpened(() => openObjectIndex((workerData as unknown as { file: string }).file));
