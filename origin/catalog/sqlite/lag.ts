import { openManifestReader } from '../../../shared/content/manifest/sqlite/reading.ts';
import type { LagReads } from '../revision-calls.ts';
import type { CatalogContext } from './context.ts';

export function lagReads({ database, sql }: Pick<CatalogContext, 'database' | 'sql'>): LagReads {
  const reader = openManifestReader(database);
  return {
    diffBytes(site, from, to) {
      let bytes = 0;
      for (let page = reader.diffPage(site, from, to, undefined, 5000); ; ) {
        for (const change of page.changes) bytes += change.kind === 'put' ? change.entry.size : 0;
        if (page.next === undefined) return bytes;
        page = reader.diffPage(site, from, to, page.next, 5000);
      }
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
