import { mostChunkListBytes } from '../../../shared/content/chunk-list.ts';
import { type Digest, digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import { relaxed, transaction } from '../../../shared/sqlite/open.ts';
import type { DamageCalls, DamagedObject, StoredPart, StorePass } from '../damage-calls.ts';
import type { CatalogContext } from './context.ts';

/** The name of the row in `meta` that holds the newest pass, as JSON. */
const PASS = 'store pass';
/** The maximum number of entries that are read for an object, because a million paths may have the same empty file. */
const ENTRIES_SEEN = 1000;

const toDigest = (bytes: unknown): Digest => digestFromBytes(bytes as Uint8Array);
const toDamaged = (row: Record<string, unknown>): DamagedObject => ({
  digest: toDigest(row.digest),
  size: Number(row.size),
});

export function damageCalls({ database, sql }: CatalogContext): DamageCalls {
  const damagedOne = (digest: Digest) =>
    sql('SELECT digest, size FROM damaged WHERE digest = ?').get(digestBytes(digest));

  /** The time of the last upload of an object, or for a chunk list, of the youngest object that has it. */
  function touched(key: Uint8Array): number | null {
    const row =
      sql('SELECT touched FROM object WHERE digest = ?').get(key) ??
      sql('SELECT max(touched) AS touched FROM object WHERE chunks = ?').get(key);
    return (row?.touched ?? null) as number | null;
  }

  return {
    storedParts(after, limit) {
      const rows = sql(
        'SELECT id, digest, size, chunks, touched FROM object WHERE id > ? ORDER BY id LIMIT ?',
      ).all(after, limit);
      const parts = rows.flatMap((row): StoredPart[] => {
        const size = Number(row.size);
        const own = { digest: toDigest(row.digest), size, touched: Number(row.touched) };
        if (row.chunks === null) return [own];
        return [own, { ...own, digest: toDigest(row.chunks), size: mostChunkListBytes(size) }];
      });
      return {
        parts: parts.filter(({ digest }) => damagedOne(digest) === undefined),
        next: rows.length < limit ? undefined : Number(rows.at(-1)?.id),
      };
    },

    storedAmount() {
      const own = sql('SELECT count(*) AS objects, total(size) AS bytes FROM object').get();
      const amount = { objects: Number(own?.objects), bytes: Number(own?.bytes) };
      for (const { size } of sql('SELECT size FROM object WHERE chunks IS NOT NULL').iterate()) {
        amount.objects++;
        amount.bytes += mostChunkListBytes(Number(size));
      }
      return amount;
    },

    unchanged: (parts) => parts.filter((part) => touched(digestBytes(part.digest)) === part.touched),

    noteDamaged(objects, time) {
      transaction(database, () => {
        for (const { digest, size } of objects)
          sql('INSERT OR IGNORE INTO damaged (digest, size, found) VALUES (?, ?, ?)').run(
            digestBytes(digest),
            size,
            time,
          );
      });
    },

    noteSound: (digests) =>
      transaction(database, () =>
        digests.filter(
          (digest) => sql('DELETE FROM damaged WHERE digest = ?').run(digestBytes(digest)).changes > 0,
        ),
      ),

    damaged: (after, limit) =>
      sql('SELECT digest, size FROM damaged WHERE digest > ? ORDER BY digest LIMIT ?')
        .all(after === null ? new Uint8Array() : digestBytes(after), limit)
        .map(toDamaged),

    damagedCount: () => Number(sql('SELECT count(*) AS count FROM damaged').get()?.count),

    damagedAmong: (digests) =>
      digests.flatMap((digest) => {
        const row = damagedOne(digest);
        return row === undefined ? [] : [toDamaged(row)];
      }),

    sitesNaming: (digests) =>
      digests.map((digest) => {
        const names = ['digest', 'chunks'].flatMap((column) =>
          sql(
            `SELECT DISTINCT s.name FROM (SELECT site FROM entry WHERE ${column} = ? LIMIT ${ENTRIES_SEEN}) e
             JOIN site s ON s.id = e.site AND s.deleted = 0`,
          ).all(digestBytes(digest)),
        );
        return [...new Set(names.map(({ name }) => String(name)))].sort();
      }),

    placesOf(digest, limit) {
      const rows = ['digest', 'chunks'].flatMap((column) =>
        sql(
          `SELECT s.name, e.path FROM (SELECT * FROM entry WHERE ${column} = ? LIMIT ${ENTRIES_SEEN}) e
           JOIN site s ON s.id = e.site AND s.deleted = 0 ORDER BY e.to_rev DESC, s.name, e.path LIMIT ?`,
        ).all(digestBytes(digest), limit),
      );
      return rows.slice(0, limit).map(({ name, path }) => ({ site: String(name), path: String(path) }));
    },

    storePass() {
      const row = sql('SELECT value FROM meta WHERE name = ?').get(PASS);
      return row === undefined ? null : (JSON.parse(String(row.value)) as StorePass);
    },

    saveStorePass(pass) {
      relaxed(database, () => {
        sql('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)').run(PASS, JSON.stringify(pass));
      });
    },
  };
}
