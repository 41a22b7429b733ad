import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { digestBytes } from '../../../shared/content/digest.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { AheadCalls } from '../catalog.ts';

type Sql = (text: string) => StatementSync;

/** Objects that are in `ahead_object` stay, so their fetch and their removal never meet. */
export const IS_AHEAD = 'EXISTS (SELECT 1 FROM ahead_object a WHERE a.digest = removal.digest)';

export function aheadCalls(database: DatabaseSync, sql: Sql): AheadCalls {
  return {
    noteAhead(site, objects, now) {
      transaction(database, () => {
        const use = { objects: 0, bytes: 0 };
        for (const { digest, size, chunks } of objects) {
          const insert = sql('INSERT OR IGNORE INTO ahead_object (digest, site) VALUES (?, ?)');
          if (insert.run(digestBytes(digest), site).changes === 0) continue;
          if (chunks !== null) insert.run(digestBytes(chunks), site);
          use.objects++;
          use.bytes += size;
        }
        sql(
          `INSERT INTO ahead (site, objects, bytes, time) VALUES (:site, :objects, :bytes, :now)
           ON CONFLICT (site) DO UPDATE SET objects = objects + :objects, bytes = bytes + :bytes, time = :now`,
        ).run({ site, ...use, now });
      });
    },

    aheadUse() {
      const rows = sql('SELECT site, objects, bytes FROM ahead').all();
      return new Map(
        rows.map(({ site, objects, bytes }) => [
          Number(site),
          { objects: Number(objects), bytes: Number(bytes) },
        ]),
      );
    },

    releaseAhead({ since, now }, limit) {
      return transaction(database, () => {
        const over = sql(
          `SELECT a.site FROM ahead a LEFT JOIN site s ON s.id = a.site AND s.deleted = 0
           WHERE s.id IS NULL OR s.active > 0 OR a.time NOT BETWEEN ? AND ? LIMIT 1`,
        ).get(since, now);
        if (over === undefined) return false;
        const rows = sql('SELECT digest FROM ahead_object WHERE site = ? LIMIT ?').all(
          Number(over.site),
          limit,
        );
        for (const { digest } of rows) {
          // Pruning skips those that an entry names.
          sql('INSERT OR IGNORE INTO removal (digest) VALUES (?)').run(digest as Uint8Array);
          sql('DELETE FROM ahead_object WHERE digest = ?').run(digest as Uint8Array);
        }
        if (rows.length < limit) sql('DELETE FROM ahead WHERE site = ?').run(Number(over.site));
        return true;
      });
    },
  };
}
