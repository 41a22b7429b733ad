import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { OPEN } from '../../../shared/content/manifest/ranges.ts';
import { openStaging } from '../../../shared/content/manifest/sqlite/staging.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { relaxed } from '../../../shared/sqlite/open.ts';
import type { StagedCalls } from '../catalog.ts';
import { toObject } from './needed-object.ts';

export function stagedCalls(database: DatabaseSync, sql: (text: string) => StatementSync): StagedCalls {
  const staging = openStaging(database);
  return {
    beginStaging: (site, revision, root) =>
      relaxed(database, () => {
        const row = sql('SELECT staging, staging_root FROM site WHERE id = ? AND deleted = 0').get(site);
        if (row === undefined) throw new SkerryError('no-such-site', 'the site was deleted');
        const before = row.staging as number | null;
        if (before === revision && row.staging_root === root) return { resumed: true, leftover: undefined };
        // The leftover stays marked until its rows are removed, so that `unstage` is repeated after another crash.
        if (before !== null) return { resumed: false, leftover: before };
        sql('UPDATE site SET staging = ?, staging_root = NULL, prepared = NULL WHERE id = ?').run(
          revision,
          site,
        );
        return { resumed: false, leftover: undefined };
      }),

    endStaging(site) {
      sql('UPDATE site SET staging = NULL, staging_root = NULL, prepared = NULL WHERE id = ?').run(site);
    },

    stageLast(site, revision, changes, limit) {
      staging.stage(site, revision, changes);
      const sealed = staging.sealLeaves(site, revision, -1, limit);
      return { sealed, root: sealed === undefined ? staging.sealRoot(site, revision) : undefined };
    },

    proveStaging(site, root) {
      relaxed(database, () => sql('UPDATE site SET staging_root = ? WHERE id = ?').run(root, site));
    },

    setPrepared(site, revision) {
      sql('UPDATE site SET prepared = ? WHERE id = ? AND staging = ?').run(revision, site, revision);
    },

    clearPrepared() {
      sql('UPDATE site SET prepared = NULL').run();
      sql('UPDATE kept SET whole = 0').run();
    },

    objectsBeyond(site, revision, whole, after, limit) {
      const rows = sql(
        `SELECT e.id, e.path, e.digest, e.size, e.chunks, o.digest AS b_digest, o.size AS b_size, o.chunks AS b_chunks
         FROM entry e LEFT JOIN entry o ON o.site = e.site AND o.leaf = e.leaf AND o.path = e.path
           AND o.to_rev = e.from_rev
         ${entriesBeyond(revision, whole)} AND e.id > :after ORDER BY e.id LIMIT :limit`,
      ).all({ site, revision, whole, after, limit });
      return {
        objects: rows.map((row) => ({
          path: row.path as string,
          ...toObject(row, ''),
          before: row.b_digest === null ? null : toObject(row, 'b_'),
        })),
        next: rows.length === limit ? Number(rows.at(-1)?.id) : undefined,
      };
    },

    stagedRemovals: (site, revision, limit) =>
      sql(
        `SELECT o.path, o.digest, o.size, o.chunks FROM entry o INDEXED BY entry_to
         WHERE o.site = ? AND o.to_rev = ? AND o.to_rev < ${OPEN} AND NOT EXISTS
           (SELECT 1 FROM entry e WHERE e.site = o.site AND e.leaf = o.leaf AND e.path = o.path AND e.from_rev = o.to_rev)
         LIMIT ?`,
      )
        .all(site, revision, limit)
        .map((row) => ({ path: row.path as string, object: toObject(row, '') })),

    bytesBeyond(site, revision, whole) {
      const row = sql(
        `SELECT coalesce(sum(e.size), 0) AS bytes FROM entry e ${entriesBeyond(revision, whole)}`,
      ).get({ site, revision, whole });
      return Number(row?.bytes);
    },
  };
}

/**
 * The entries of a revision that another one has not. An index leads to them: they begin after the other one when it is
 * older, and end by then when it is newer.
 */
function entriesBeyond(revision: number, whole: number): string {
  return whole < revision
    ? 'WHERE e.site = :site AND e.from_rev > :whole AND e.from_rev <= :revision AND e.to_rev > :revision'
    : `WHERE e.site = :site AND e.to_rev > :revision AND e.to_rev <= :whole AND e.to_rev < ${OPEN}
       AND e.from_rev <= :revision`;
}
