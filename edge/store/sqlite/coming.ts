import type { StatementSync } from 'node:sqlite';

type Sql = (text: string) => StatementSync;

export interface ActivationRow {
  readonly site: number;
  readonly seq: number;
  readonly revision: number;
  readonly root: string | null;
  readonly time: number;
  readonly mode: string;
  readonly now: number;
}

/**
 * The maximum number of activations that are kept for one site: this many that wait for the site's window, and this
 * many others. A delayed or paused edge keeps activations until it shows them, and reads them at each step of the
 * site's loop.
 */
const MOST_COMING = 64;

/** Adds a revision that may become active. It replaces a proposal that is not newer. */
export function putActivation(sql: Sql, row: ActivationRow): void {
  sql(
    `INSERT OR REPLACE INTO activation (site, seq, revision, root, time, mode, now)
     VALUES (:site, :seq, :revision, :root, :time, :mode, :now)`,
  ).run({ ...row });
  sql('DELETE FROM proposal WHERE site = ? AND revision <= ?').run(row.site, row.revision);
  thin(sql, row);
  forgetCounts(sql, row.site, row.revision);
}

/**
 * Records how many files the origin signed for a revision. `isAside` keeps the counts of earlier revisions: if a sync
 * publish is aborted, one of those revisions is the newest again, and a draft does not take their place.
 */
export function announce(sql: Sql, site: number, revision: number, files: number, isAside: boolean): void {
  sql('INSERT OR REPLACE INTO announced (site, revision, files) VALUES (?, ?, ?)').run(site, revision, files);
  if (!isAside) forgetCounts(sql, site, revision);
}

export function forgetAborted(sql: Sql, site: number, revision: number): void {
  sql('DELETE FROM proposal WHERE site = ? AND revision = ?').run(site, revision);
  sql('DELETE FROM announced WHERE site = ? AND revision = ?').run(site, revision);
}

/**
 * If there are too many activations, removes the least important one: the one whose neighbours are closest in time. A
 * delayed edge then shows the previous revision a little longer, but never shows a revision too early. The oldest and
 * the newest activation are always kept.
 */
function thin(sql: Sql, { site, mode, now }: ActivationRow): void {
  const alike = "FROM activation WHERE site = :site AND (mode = 'batch' AND now = 0) = :waits";
  const which = { site, waits: mode === 'batch' && now === 0 ? 1 : 0 };
  if (Number(sql(`SELECT count(*) AS count ${alike}`).get(which)?.count) <= MOST_COMING) return;
  sql(
    `DELETE FROM activation WHERE site = :site AND seq = (
       SELECT seq FROM (
         SELECT seq, lead(time) OVER w - lag(time) OVER w AS gap ${alike} WINDOW w AS (ORDER BY seq)
       ) WHERE gap IS NOT NULL ORDER BY gap, seq LIMIT 1)`,
  ).run(which);
}

/** Drops the counts of earlier revisions that can no longer become active. */
function forgetCounts(sql: Sql, site: number, revision: number): void {
  sql(
    `DELETE FROM announced WHERE site = :site AND revision < :revision
       AND revision NOT IN (SELECT revision FROM activation WHERE site = :site)
       AND revision NOT IN (SELECT revision FROM proposal WHERE site = :site)
       AND revision NOT IN (SELECT revision FROM alias WHERE site = :site)
       AND revision NOT IN (SELECT revision FROM rollout WHERE site = :site)`,
  ).run({ site, revision });
}
