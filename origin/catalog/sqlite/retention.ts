import type { Digest } from '../../../shared/content/digest.ts';
import { digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import { openPruning } from '../../../shared/content/manifest/sqlite/pruning.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import { MOST_PINNED } from '../limits.ts';
import type { RetentionCalls } from '../retention-calls.ts';
import { heldRevisions, revisionsThatGo } from '../revision-state.ts';
import { checkpointCalls } from './checkpoint.ts';
import type { CatalogContext } from './context.ts';
import { forecastOf } from './forecast.ts';
import { leftoverCalls } from './leftovers.ts';
import { siteHistory, sitesToRetain } from './site-history.ts';
import { unreferenced } from './unreferenced.ts';

const UNREFERENCED = unreferenced();

export function retentionCalls(context: CatalogContext): RetentionCalls {
  const { database, sql } = context;
  const pruning = openPruning(database);
  const toDigest = (row: Record<string, unknown>): Digest => digestFromBytes(row.digest as Uint8Array);

  return {
    ...checkpointCalls(context),
    ...leftoverCalls(context),

    retainedSites: () => sitesToRetain(sql),

    past: (site) => siteHistory(sql, site),
    forecast: (going, limits) => forecastOf(database, going, limits),

    dropRevisions: (site, revisions) =>
      transaction(database, () => {
        const past = siteHistory(sql, site);
        const going = past === undefined ? [] : revisionsThatGo(past, revisions);
        for (const revision of going)
          for (const table of ['revision', 'receipt', 'showing'])
            sql(`DELETE FROM ${table} WHERE site = ? AND revision = ?`).run(site, revision);
        return going;
      }),

    dropEntries(site, limit) {
      const past = siteHistory(sql, site);
      if (past === undefined) return { rows: 0, objects: 0, bytes: 0, more: false };
      const { rows, objects, bytes, more } = pruning.prune(site, heldRevisions(past), limit);
      return { rows, objects, bytes, more };
    },

    unreferenced(after, limit, uploadedBefore) {
      const last = sql(
        'SELECT max(id) AS id, count(*) AS count FROM (SELECT id FROM object WHERE id > ? ORDER BY id LIMIT ?)',
      ).get(after, limit);
      const until = Number(last?.id ?? after);
      const digests = sql(
        `SELECT o.digest FROM object o WHERE o.id > :after AND o.id <= :until AND ${UNREFERENCED}`,
      )
        .all({ after, until, before: uploadedBefore })
        .map(toDigest);
      return { digests, next: Number(last?.count) < limit ? undefined : until };
    },

    dropObjects: (digests, uploadedBefore) =>
      transaction(database, () => {
        const dropped = { objects: 0, bytes: 0 };
        for (const digest of digests) {
          const key = digestBytes(digest);
          const row = sql(
            `DELETE FROM object AS o WHERE o.digest = :digest AND ${UNREFERENCED} RETURNING size, chunks`,
          ).get({ digest: key, before: uploadedBefore });
          if (row === undefined) continue;
          dropped.objects++;
          dropped.bytes += Number(row.size);
          sql('DELETE FROM site_object WHERE digest = ?').run(key);
          for (const gone of [key, row.chunks as Uint8Array | null])
            if (gone !== null) {
              sql('INSERT OR IGNORE INTO removal (digest) VALUES (?)').run(gone);
              sql('DELETE FROM damaged WHERE digest = ?').run(gone);
            }
        }
        return dropped;
      }),

    removals: (limit) =>
      transaction(database, () => {
        // An object that was uploaded again stays, and so does the chunk list of such an object.
        sql(
          `DELETE FROM removal WHERE EXISTS (SELECT 1 FROM object o WHERE o.digest = removal.digest)
             OR EXISTS (SELECT 1 FROM object o WHERE o.chunks = removal.digest)`,
        ).run();
        return sql('SELECT digest FROM removal LIMIT ?').all(limit).map(toDigest);
      }),

    removed(digests) {
      transaction(database, () => {
        for (const digest of digests) sql('DELETE FROM removal WHERE digest = ?').run(digestBytes(digest));
      });
    },

    pin(site, revision, pinned) {
      const others = sql(
        'SELECT count(*) AS pins FROM revision WHERE site = ? AND revision <> ? AND pinned = 1',
      );
      if (pinned && Number(others.get(site, revision)?.pins) >= MOST_PINNED)
        throw new SkerryError('too-many-pins', `a site has at most ${MOST_PINNED} pinned revisions`);
      const { changes } = sql('UPDATE revision SET pinned = ? WHERE site = ? AND revision = ?').run(
        pinned ? 1 : 0,
        site,
        revision,
      );
      if (changes === 0) throw new SkerryError('no-such-revision', `there is no revision ${revision}`);
    },
  };
}
