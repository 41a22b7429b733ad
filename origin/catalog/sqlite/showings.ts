import type { Seq } from '../../../shared/log/record.ts';
import { KEPT_SHOWINGS } from '../limits.ts';
import type { CatalogContext } from './context.ts';

type Sql = CatalogContext['sql'];

/**
 * Keeps a record that receipts answer: for as long as the revision that they name, or until many newer records made
 * edges show it.
 */
export function noteShowing(
  sql: Sql,
  showing: {
    readonly seq: Seq;
    readonly site: number;
    readonly revision: number;
    readonly edges: readonly string[];
  },
): void {
  const { seq, site, revision, edges } = showing;
  sql(
    `INSERT INTO showing (seq, site, revision, edges, json)
     VALUES (:seq, :site, :revision, :edges, (SELECT json FROM record WHERE seq = :seq))`,
  ).run({ seq, site, revision, edges: JSON.stringify(edges) });
  forgetOld(sql, site, revision);
}

/** A base to which many rollouts are taken back may stay for years, with receipts of each of its edges for each. */
function forgetOld(sql: Sql, site: number, revision: number): void {
  const newest = `SELECT seq FROM showing WHERE site = ? AND revision = ? ORDER BY seq DESC LIMIT 1 OFFSET ${KEPT_SHOWINGS}`;
  const last = sql(newest).get(site, revision)?.seq;
  if (last === undefined) return;
  sql('DELETE FROM receipt WHERE site = ? AND revision = ? AND record > 0 AND record <= ?').run(
    ...[site, revision, Number(last)],
  );
  sql('DELETE FROM showing WHERE site = ? AND revision = ? AND seq <= ?').run(site, revision, Number(last));
}
