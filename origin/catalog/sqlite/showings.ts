import type { Receipt } from '../../../shared/log/receipt.ts';
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

/**
 * The record that a receipt is kept for. A step of a rollout, or an abort, has receipts of its own; all other records of
 * a revision share those of 0. Undefined for a record that was forgotten: its receipts may arrive late, and answer no
 * other record.
 */
export function receiptRecord(
  sql: Sql,
  { site, revision, seq }: Pick<Receipt, 'site' | 'revision' | 'seq'>,
): number | undefined {
  const isShowing = sql('SELECT 1 FROM showing WHERE seq = ? AND site = ? AND revision = ?');
  if (isShowing.get(seq, site, revision) !== undefined) return seq;
  const isOwn = sql('SELECT 1 FROM revision WHERE site = ? AND revision = ? AND seq = ?');
  if (isOwn.get(site, revision, seq) !== undefined) return 0;
  const oldest = nthNewest(sql, site, revision, KEPT_SHOWINGS);
  return oldest !== undefined && seq < oldest ? undefined : 0;
}

/** A base to which many rollouts are taken back may stay for years, with receipts of each of its edges for each. */
function forgetOld(sql: Sql, site: number, revision: number): void {
  const last = nthNewest(sql, site, revision, KEPT_SHOWINGS + 1);
  if (last === undefined) return;
  sql('DELETE FROM receipt WHERE site = ? AND revision = ? AND record > 0 AND record <= ?').run(
    ...[site, revision, last],
  );
  sql('DELETE FROM showing WHERE site = ? AND revision = ? AND seq <= ?').run(site, revision, last);
}

/** Undefined when fewer are kept. */
function nthNewest(sql: Sql, site: number, revision: number, n: number): number | undefined {
  const row = sql(
    'SELECT seq FROM showing WHERE site = ? AND revision = ? ORDER BY seq DESC LIMIT 1 OFFSET ?',
  ).get(site, revision, n - 1);
  return row === undefined ? undefined : Number(row.seq);
}
