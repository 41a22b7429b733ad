import type { StatementSync } from 'node:sqlite';
import { leafOf } from '../../../shared/content/buckets.ts';
import { digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import type { LazyCalls, NamedObject, NeededObject } from '../catalog.ts';
import { toObject } from './needed-object.ts';

/** How many older objects of a path are returned. One of them may be an earlier version of a new object. */
const MOST_KIN = 4;

export function lazyCalls(sql: (text: string) => StatementSync): LazyCalls {
  const otherVersionsOf = (entry: Row): NeededObject[] =>
    sql(
      `SELECT digest, size, chunks FROM entry
       WHERE site = :site AND leaf = :leaf AND path = :path AND digest <> :digest
       ORDER BY from_rev DESC LIMIT ${MOST_KIN}`,
    )
      .all({
        site: entry.site as number,
        leaf: entry.leaf as number,
        path: entry.path as string,
        digest: entry.digest as Uint8Array,
      })
      .map((row) => toObject(row, ''));

  return {
    fetchable(digest) {
      const name = digestBytes(digest);
      const entry = sql(
        `SELECT site, leaf, path, digest, size, chunks FROM entry WHERE digest = ? ORDER BY from_rev DESC LIMIT 1`,
      ).get(name);
      if (entry !== undefined)
        return { kind: 'content', object: toObject(entry, ''), otherVersions: otherVersionsOf(entry) };
      const chunked = sql('SELECT digest, size, chunks FROM entry WHERE chunks = ? LIMIT 1').get(name);
      return chunked && { kind: 'chunk-list', of: toObject(chunked, '') };
    },

    currentNames: (digests, limit) =>
      digests.flatMap((digest) =>
        sql(
          `SELECT e.digest, e.site, e.path FROM entry e JOIN site s ON s.id = e.site
           WHERE e.digest = ? AND e.to_rev > s.active AND s.deleted = 0 LIMIT ?`,
        )
          .all(digestBytes(digest), limit)
          .map(toName),
      ),

    allNames: (digest, limit) =>
      sql('SELECT digest, site, path FROM entry WHERE digest = ? LIMIT ?')
        .all(digestBytes(digest), limit)
        .map(toName),

    objectsOfPath: (site, path) =>
      sql('SELECT digest, site, path FROM entry WHERE site = ? AND leaf = ? AND path = ?')
        .all(site, leafOf(path), path)
        .map(toName),

    objectsOfSite(site, after, limit) {
      const rows = sql(
        'SELECT id, digest, site, path FROM entry WHERE id > ? AND site = ? ORDER BY id LIMIT ?',
      ).all(after, site, limit);
      return {
        objects: rows.map(toName),
        next: rows.length === limit ? Number(rows.at(-1)?.id) : undefined,
      };
    },
  };
}

function toName(row: Row): NamedObject {
  return {
    digest: digestFromBytes(row.digest as Uint8Array),
    site: row.site as number,
    path: row.path as string,
  };
}
