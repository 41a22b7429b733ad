import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LogRecord } from '../../../shared/log/record.ts';
import { payloads } from '../../../shared/log/record-kinds.ts';
import { EVERYTHING, type PurgeTarget } from '../../../shared/site/purge.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { EdgeSite, PurgeCalls } from '../catalog.ts';
import { keepStatement } from './outbox.ts';

type Sql = (text: string) => StatementSync;

/**
 * The maximum number of purges that may wait at one site. Beyond that, they are carried out as one purge of everything.
 */
const MOST_PENDING = { count: 200, bytes: 256 * 1024 };
/**
 * The maximum number of purges that are kept to limit former revisions of one site. Beyond that, no former revision is
 * served any more. There is a limit because each view contains these purges.
 */
const MOST_ENDED = { count: 200, bytes: 128 * 1024 };

/** The revisions that are former ones, or can become former ones later. */
const MAY_BE_FORMER = ['held', 'kept', 'activation', 'proposal', 'alias', 'rollout'];

/** Records a purge, both as pending work and as a limit for former revisions. */
export function notePurge(sql: Sql, { seq, site, revision, payload }: LogRecord): void {
  const target = targetOf(payload);
  const isFolded = sql(FOLDED).get(site)?.target === null;
  sql('INSERT OR IGNORE INTO purge (seq, site, target) VALUES (?, ?, ?)').run(
    seq,
    site,
    isFolded ? null : JSON.stringify(target),
  );
  if (!isFolded) foldPending(sql, site);
  noteEnded(sql, site, revision, target);
}

/**
 * The target of the oldest waiting purge. Null means everything. It shows whether the waiting purges were merged into
 * one.
 */
const FOLDED = 'SELECT target FROM purge WHERE site = ? ORDER BY seq LIMIT 1';

function foldPending(sql: Sql, site: number): void {
  const pending = 'FROM purge WHERE site = ?';
  const sum = sql(`SELECT count(*) AS count, sum(octet_length(target)) AS bytes ${pending}`).get(site);
  if (Number(sum?.count) <= MOST_PENDING.count && Number(sum?.bytes) <= MOST_PENDING.bytes) return;
  sql('UPDATE purge SET target = NULL WHERE site = ?').run(site);
}

/** Ensures that no revision up to this one serves the paths that the target names. */
export function noteEnded(sql: Sql, site: number, revision: number, target: PurgeTarget): void {
  const all = JSON.stringify(EVERYTHING);
  const text = JSON.stringify(target);
  const isEnded = sql('SELECT 1 FROM ended WHERE site = ? AND revision >= ? AND target = ?');
  if (isEnded.get(site, revision, all) !== undefined) return;
  if (target.all) sql('DELETE FROM ended WHERE site = ?').run(site);
  else sql('DELETE FROM ended WHERE site = ? AND target = ?').run(site, text);
  sql('INSERT INTO ended (site, revision, target) VALUES (?, ?, ?)').run(site, revision, text);
  const sum = sql(
    'SELECT count(*) AS count, sum(octet_length(target)) AS bytes FROM ended WHERE site = ?',
  ).get(site);
  if (Number(sum?.count) > MOST_ENDED.count || Number(sum?.bytes) > MOST_ENDED.bytes)
    noteEnded(sql, site, revision, EVERYTHING);
}

/** The purges that limit former revisions, newest first. */
export function endedBy(sql: Sql, site: number): EdgeSite['purges'] {
  return sql('SELECT revision, target FROM ended WHERE site = ? ORDER BY revision DESC')
    .all(site)
    .map(({ revision, target }) => ({
      revision: revision as number,
      target: JSON.parse(target as string) as PurgeTarget,
    }));
}

/**
 * Returns the target of a purge record. These records are not critical, so a later version may write one with an
 * unknown kind of target. The edge then purges everything, which includes the target.
 */
function targetOf(payload: string): PurgeTarget {
  try {
    const { all, paths, globs, tags } = payloads.purge.parseText(payload);
    return { all, paths, globs, tags };
  } catch {
    return EVERYTHING;
  }
}

export function purgeCalls(database: DatabaseSync, sql: Sql): PurgeCalls {
  return {
    sitesToPurge: () =>
      sql('SELECT DISTINCT site FROM purge ORDER BY site')
        .all()
        .map(({ site }) => site as number),

    pendingPurges: (site, limit) =>
      sql('SELECT seq, target FROM purge WHERE site = ? ORDER BY seq LIMIT ?')
        .all(site, limit)
        .map(({ seq, target }) => ({
          seq: seq as number,
          target: target === null ? EVERYTHING : (JSON.parse(target as string) as PurgeTarget),
        })),

    purgesDone(receipts) {
      transaction(database, () => {
        for (const receipt of receipts) {
          sql('DELETE FROM purge WHERE seq = ?').run(receipt.seq);
          keepStatement(sql, { kind: 'purge-receipt', body: receipt });
        }
      });
    },

    dropEnded(site) {
      const revisions = MAY_BE_FORMER.map((table) => `SELECT revision FROM ${table} WHERE site = :site`);
      // Of a site without any revision nothing is dropped: its first one is still to come.
      sql(
        `DELETE FROM ended WHERE site = :site AND revision < (SELECT min(revision) FROM (${revisions.join(' UNION ALL ')}))`,
      ).run({ site });
    },
  };
}
