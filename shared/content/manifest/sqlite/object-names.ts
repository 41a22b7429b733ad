import type { DatabaseSync } from 'node:sqlite';
import { statements } from '../../../sqlite/open.ts';
import { digestBytes, digestFromBytes } from '../../digest.ts';
import type { ObjectNames } from '../object-names.ts';

const OF_SITES = 'site IN (SELECT value FROM json_each(?))';

export function openObjectNames(database: DatabaseSync): ObjectNames {
  const sql = statements(database);
  const last = Buffer.alloc(32, 0xff);
  return {
    objectsNamed(names, sites) {
      const find = 'SELECT digest FROM entry WHERE digest BETWEEN ? AND ?';
      const query = sites === null ? sql(`${find} LIMIT 1`) : sql(`${find} AND ${OF_SITES} LIMIT 1`);
      const siteList = sites === null ? [] : [JSON.stringify(sites)];
      return names.map((name) => {
        const row = query.get(name, Buffer.concat([name, last.subarray(name.length)]), ...siteList);
        return row === undefined ? undefined : digestFromBytes(row.digest as Uint8Array);
      });
    },

    isNamedIn: (digest, sites) =>
      ['digest', 'chunks'].some(
        (column) =>
          sql(`SELECT 1 FROM entry WHERE ${column} = ? AND ${OF_SITES} LIMIT 1`).get(
            digestBytes(digest),
            JSON.stringify(sites),
          ) !== undefined,
      ),

    allObjects(after, limit) {
      const rows = sql('SELECT id, digest, chunks FROM entry WHERE id > ? ORDER BY id LIMIT ?').all(
        after,
        limit,
      );
      return {
        digests: rows
          .flatMap(({ digest, chunks }) => (chunks === null ? [digest] : [digest, chunks]))
          .map((bytes) => digestFromBytes(bytes as Uint8Array)),
        next: rows.length === limit ? (rows.at(-1)?.id as number) : undefined,
      };
    },
  };
}
