import { digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { ObjectCalls, StoredObject } from '../object-calls.ts';
import type { CatalogContext } from './context.ts';

export function objectCalls({ database, sql }: CatalogContext): ObjectCalls {
  return {
    addObjects(objects, time) {
      transaction(database, () => {
        for (const object of objects) noteObject(sql, object, time);
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

/** Records an object within a transaction of the caller. */
export function noteObject(
  sql: CatalogContext['sql'],
  { site, digest, size, chunks }: StoredObject,
  time: number,
): void {
  const key = digestBytes(digest);
  sql(
    `INSERT INTO object (digest, size, chunks, touched) VALUES (?, ?, ?, ?)
     ON CONFLICT (digest) DO UPDATE SET touched = max(touched, excluded.touched)`,
  ).run(key, size, chunks === null ? null : digestBytes(chunks), time);
  sql('INSERT OR IGNORE INTO site_object (site, digest) VALUES (?, ?)').run(site, key);
  for (const stored of [digest, chunks])
    if (stored !== null) sql('DELETE FROM damaged WHERE digest = ?').run(digestBytes(stored));
}
