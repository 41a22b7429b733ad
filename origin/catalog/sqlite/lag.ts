import { openManifestReader } from '../../../shared/content/manifest/sqlite/reading.ts';
import type { LagReads } from '../revision-calls.ts';
import type { CatalogContext } from './context.ts';

export function lagReads({ database, sql }: Pick<CatalogContext, 'database' | 'sql'>): LagReads {
  const reader = openManifestReader(database);
  return {
    diffBytes(site, from, to) {
      if (from > 0) return reader.bytesPut(site, from, to);
      const row = sql('SELECT bytes FROM revision WHERE site = ? AND revision = ?').get(site, to);
      return Number(row?.bytes ?? 0);
    },

    behind(site, revision) {
      const later = "FROM revision WHERE site = ? AND revision > ? AND state = 'activated'";
      const revisions = Number(sql(`SELECT count(*) AS n ${later}`).get(site, revision)?.n);
      // The lag of a batch revision begins at its activation, not at its commit. The record of the activation may be
      // pruned.
      const row = sql(
        `SELECT coalesce(
           (SELECT json_extract(json, '$.time') FROM record WHERE seq = revision.seq), time
         ) AS since ${later} ORDER BY revision LIMIT 1`,
      ).get(site, revision);
      return { revisions, since: row === undefined ? undefined : Number(row.since) };
    },
  };
}
