import { digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { ObjectCalls, StoredObject } from '../object-calls.ts';
import type { CatalogContext } from './context.ts';

export function objectCalls({ database, sql }: CatalogContext): ObjectCalls {
  return {
    addObjects(objects, time) {
      transaction(database, () => {
        noteObjects(sql, objects, time);
      });
    },
    siteObject(site, digest) {
      const row = sql(
        `SELECT o.size, o.chunks FROM site_object s JOIN object o ON o.digest = s.digest
         WHERE s.site = ? AND s.digest = ?`,
      ).get(site, digestBytes(digest));
      if (row === undefined) return undefined;
      const chunks = row.chunks === null ? null : digestFromBytes(row.chunks as Uint8Array);
      return { site, digest, size: Number(row.size), chunks };
    },
  };
}

/** Records objects within a transaction of the caller. */
export function noteObjects(
  sql: CatalogContext['sql'],
  objects: readonly StoredObject[],
  time: number,
): void {
  const isAnyDamaged = sql('SELECT 1 FROM damaged LIMIT 1').get() !== undefined;
  for (const { site, digest, size, chunks } of objects) {
    const key = digestBytes(digest);
    sql(
      `INSERT INTO object (digest, size, chunks, touched) VALUES (?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET touched = max(touched, excluded.touched)`,
    ).run(key, size, chunks === null ? null : digestBytes(chunks), time);
    sql('INSERT OR IGNORE INTO site_object (site, digest) VALUES (?, ?)').run(site, key);
    if (!isAnyDamaged) continue;
    for (const stored of [digest, chunks])
      if (stored !== null) sql('DELETE FROM damaged WHERE digest = ?').run(digestBytes(stored));
  }
}
