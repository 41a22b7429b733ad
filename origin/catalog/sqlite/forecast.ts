import type { DatabaseSync } from 'node:sqlite';
import { DOOMED, openPruning } from '../../../shared/content/manifest/sqlite/pruning.ts';
import { statements } from '../../../shared/sqlite/open.ts';
import type { AgeLimits, Forecast, GoingRevisions } from '../retention-calls.ts';
import { heldRevisions } from '../revision-state.ts';
import { siteHistory } from './site-history.ts';
import { STALE_DEPLOY } from './stale-deploys.ts';
import { unreferenced } from './unreferenced.ts';

/** Counts in one snapshot. It reads the database, and writes only a temporary table. */
export function forecastOf(
  database: DatabaseSync,
  going: readonly GoingRevisions[],
  { uploadedBefore, openedBefore }: AgeLimits,
): Forecast {
  const sql = statements(database);
  database.exec('BEGIN');
  try {
    const sites = openPruning(database).forecast(
      going.map(({ site, revisions }) => {
        const past = siteHistory(sql, site);
        return { site, keep: past === undefined ? [] : heldRevisions(past, new Set(revisions)) };
      }),
    );
    const isGoing = unreferenced({
      entry: `EXISTS (SELECT 1 FROM ${DOOMED} x WHERE x.id = e.id)`,
      deploy: STALE_DEPLOY,
    });
    const sum = sql(
      `SELECT count(*) AS objects, coalesce(sum(o.size), 0) AS bytes FROM object o WHERE ${isGoing}`,
    ).get({ before: uploadedBefore, stale: openedBefore });
    return { sites, objects: Number(sum?.objects), bytes: Number(sum?.bytes) };
  } finally {
    database.exec('ROLLBACK');
  }
}
