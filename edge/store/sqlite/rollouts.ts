import type { StatementSync } from 'node:sqlite';
import type { Digest } from '../../../shared/content/digest.ts';
import { membersIn } from '../../../shared/log/member-set.ts';
import type { LogRecord } from '../../../shared/log/record.ts';
import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { EdgeRollout } from '../catalog.ts';

type Sql = (text: string) => StatementSync;

interface RolloutRecord {
  readonly site: number;
  readonly revision: number;
  readonly root: string;
  readonly seq: number;
  readonly payload: Payload<'rollout'>;
}

/** Applies a step of a rollout. What is known about the same revision stays. `now` is the time of the record. */
export function applyRollout(
  sql: Sql,
  { site, revision, root, seq, payload }: RolloutRecord,
  now: number,
): void {
  const { base, edges, files, paths } = payload;
  if (rolloutRevision(sql, site) !== revision) endRollout(sql, site, now);
  sql(
    `INSERT INTO rollout (site, revision, root, seq, files, base, edges, paths)
     VALUES (:site, :revision, :root, :seq, :files, :base, :edges, :paths)
     ON CONFLICT (site) DO UPDATE SET seq = :seq, base = :base, edges = :edges, paths = :paths`,
  ).run({
    ...{ site, revision, root, seq, files, base },
    ...{ edges: JSON.stringify(edges), paths: JSON.stringify(paths) },
  });
}

/** The rollout's revision is live, or another one is. Then the rollout has ended. */
export function rolloutActivated(sql: Sql, site: number, revision: number, now: number): void {
  const { changes } = sql('UPDATE rollout SET activated = 1 WHERE site = ? AND revision = ?').run(
    site,
    revision,
  );
  // A revision that was made live is shown until a later one is active.
  if (changes === 0 && sql('SELECT 1 FROM rollout WHERE site = ? AND activated = 1').get(site) === undefined)
    endRollout(sql, site, now);
}

/** The revision is taken back. An edge that has shown it owes a receipt for `again`, which it shows again. */
export function rolloutAborted(
  sql: Sql,
  { site, revision, seq, time }: Pick<LogRecord, 'site' | 'revision' | 'seq' | 'time'>,
  again: number,
): void {
  if (rolloutRevision(sql, site) !== revision) return;
  // It has signed a receipt for what it has shown.
  sql(
    `UPDATE site SET returned_seq = :seq WHERE id = :site AND active = :again
       AND EXISTS (SELECT 1 FROM held WHERE site = :site AND revision = :revision AND covered IS NOT NULL)`,
  ).run({ site, revision, seq, again });
  endRollout(sql, site, time);
}

/**
 * Takes the revision back. It stays here as a former revision, because pages of it that readers have loaded still ask
 * for its assets.
 */
function endRollout(sql: Sql, site: number, now: number): void {
  sql(
    `UPDATE held SET ended = :now WHERE site = :site
       AND revision = (SELECT revision FROM rollout WHERE site = :site AND ready = 1 AND activated = 0)`,
  ).run({ site, now });
  sql('DELETE FROM rollout WHERE site = ?').run(site);
}

/**
 * Replaces what is known about the rollout of a site by what a checkpoint says. Purges before the checkpoint are unknown,
 * so a revision that was taken back serves no more assets.
 */
export function applyCheckpointRollout(
  sql: Sql,
  { id, revision, rollout }: Payload<'checkpoint'>['sites'][number],
  members: Payload<'checkpoint'>['members'],
): void {
  if (rollout === undefined) {
    rolloutActivated(sql, id, revision, 0);
    return;
  }
  const { revision: shown, root, seq, edges, ...rest } = rollout;
  const payload = { ...rest, edges: membersIn(edges, members) };
  applyRollout(sql, { site: id, revision: shown, root, seq, payload }, 0);
}

function rolloutRevision(sql: Sql, site: number): number | undefined {
  const row = sql('SELECT revision FROM rollout WHERE site = ?').get(site);
  return row === undefined ? undefined : Number(row.revision);
}

/** Called when a kept revision is complete. Its receipts need it to be held. */
export function rolloutFilled(sql: Sql, site: number, revision: number): void {
  const { changes } = sql('UPDATE rollout SET ready = 1 WHERE site = ? AND revision = ?').run(site, revision);
  if (changes > 0) sql('INSERT OR IGNORE INTO held (site, revision) VALUES (?, ?)').run(site, revision);
}

/** Called when a revision has become active. */
export function rolloutRevealed(sql: Sql, site: number, revision: number): void {
  sql('DELETE FROM rollout WHERE site = ? AND activated = 1 AND revision <= ?').run(site, revision);
}

export function rolloutOf(sql: Sql, site: number): EdgeRollout | null {
  const row = sql('SELECT * FROM rollout WHERE site = ?').get(site);
  if (row === undefined) return null;
  return {
    revision: Number(row.revision),
    root: row.root as Digest,
    seq: Number(row.seq),
    files: Number(row.files),
    base: Number(row.base),
    edges: JSON.parse(String(row.edges)) as string[],
    paths: JSON.parse(String(row.paths)) as string[],
    isReady: row.ready === 1,
    isActivated: row.activated === 1,
  };
}
