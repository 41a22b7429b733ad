import type { DatabaseSync } from 'node:sqlite';
import { openPruning } from '../../../shared/content/manifest/sqlite/pruning.ts';
import { statements } from '../../../shared/sqlite/open.ts';
import { revisionsToDrop } from '../keep-plan.ts';
import type { Forecast } from '../retention-calls.ts';
import { heldRevisions, pastOf, STALE_DEPLOY, sitesToRetain, staleBefore, uploadedBefore } from './past.ts';

/** What a run of retention at `time` would take, all of one moment; the database is only read. */
export function forecastOf(database: DatabaseSync, time: number): Forecast {
  const sql = statements(database);
  database.exec('BEGIN');
  try {
    const sites = sitesToRetain(sql).flatMap(({ id, name, deleted }) => {
      const past = pastOf(sql, id);
      if (past === undefined) return [];
      const revisions = revisionsToDrop(past, time);
      return { id, name, deleted, revisions, keep: heldRevisions(past, new Set(revisions)) };
    });
    const reclaimed = openPruning(database).forecast(sites.map(({ id, keep }) => ({ site: id, keep })));
    const unreferenced = sql(
      `SELECT count(*) AS objects, coalesce(sum(o.size), 0) AS bytes FROM object o WHERE o.touched < :before
         AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.digest = o.digest
           AND NOT EXISTS (SELECT 1 FROM temp.doomed x WHERE x.id = e.id))
         AND NOT EXISTS (SELECT 1 FROM deploy_file f JOIN deploy d ON d.number = f.deploy
           WHERE f.digest = o.digest AND NOT ${STALE_DEPLOY})`,
    ).get({ before: uploadedBefore(time), stale: staleBefore(time) });
    return {
      sites: sites.map(({ name, deleted, revisions }, i) => ({
        site: name,
        deleted,
        revisions,
        ...(reclaimed[i] ?? { rows: 0, objects: 0, bytes: 0 }),
      })),
      objects: Number(unreferenced?.objects),
      bytes: Number(unreferenced?.bytes),
    };
  } finally {
    database.exec('ROLLBACK');
  }
}
