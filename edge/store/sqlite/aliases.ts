import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Digest } from '../../../shared/content/digest.ts';
import type { LogRecord } from '../../../shared/log/record.ts';
import type { Payload } from '../../../shared/log/record-kinds.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { AliasCalls, EdgeAlias, KeptRevision } from '../catalog.ts';
import type { Cover } from '../cover.ts';
import { rolloutFilled } from './rollouts.ts';

type Sql = (text: string) => StatementSync;

export function aliasCalls(database: DatabaseSync, sql: Sql): AliasCalls {
  return {
    keep(site, revision) {
      transaction(database, () => {
        sql('INSERT OR REPLACE INTO kept (site, revision) VALUES (?, ?)').run(site, revision);
        sql(
          'UPDATE site SET staging = NULL, staging_root = NULL, prepared = NULL WHERE id = ? AND staging = ?',
        ).run(site, revision);
      });
    },

    fillKept(site, revision, covers) {
      transaction(database, () => {
        sql('UPDATE kept SET covers = ?, whole = 1 WHERE site = ? AND revision = ?').run(
          JSON.stringify(covers),
          site,
          revision,
        );
        sql('UPDATE alias SET shown = revision WHERE site = ? AND revision = ?').run(site, revision);
        rolloutFilled(sql, site, revision);
      });
    },

    giveUpKept(site, revision) {
      transaction(database, () => {
        sql('DELETE FROM kept WHERE site = ? AND revision = ?').run(site, revision);
        sql('DELETE FROM held WHERE site = ? AND revision = ?').run(site, revision);
        sql('UPDATE site SET staging = ?, staging_root = NULL, prepared = NULL WHERE id = ?').run(
          revision,
          site,
        );
      });
    },

    dropKept(site, revisions) {
      transaction(database, () => {
        for (const revision of revisions)
          sql('DELETE FROM kept WHERE site = ? AND revision = ?').run(site, revision);
      });
    },
  };
}

/** Applies a record that sets or removes an alias. The old revision is shown until the new one is complete. */
export function applyAlias(sql: Sql, { site, revision, root, seq, payload }: AliasRecord): void {
  const { name, files, expires } = payload;
  if (revision === 0 || root === null) {
    sql('DELETE FROM alias WHERE site = ? AND name = ?').run(site, name);
    return;
  }
  sql(
    `INSERT INTO alias (site, name, revision, root, seq, files, expires)
     VALUES (:site, :name, :revision, :root, :seq, :files, :expires)
     ON CONFLICT (site, name) DO UPDATE SET revision = :revision, root = :root, seq = :seq, files = :files,
       expires = :expires`,
  ).run({ site, name, revision, root, seq, files, expires });
  keepIfHeld(sql, site, revision);
}

interface AliasRecord extends Pick<LogRecord, 'site' | 'revision' | 'seq'> {
  readonly root: string | null;
  readonly payload: Payload<'alias'>;
}

/** Keeps a revision that is or was active here, and that an alias names. */
export function keepIfHeld(sql: Sql, site: number, revision: number): void {
  sql(
    `INSERT OR IGNORE INTO kept (site, revision)
     SELECT h.site, h.revision FROM held h JOIN alias a ON a.site = h.site AND a.revision = h.revision
     WHERE h.site = ? AND h.revision = ?`,
  ).run(site, revision);
}

export function aliasesOf(sql: Sql, site: number): EdgeAlias[] {
  return sql('SELECT * FROM alias WHERE site = ? ORDER BY name')
    .all(site)
    .map((row) => ({
      name: row.name as string,
      revision: row.revision as number,
      root: row.root as Digest,
      seq: row.seq as number,
      files: row.files as number,
      expires: row.expires as number,
      shown: row.shown as number,
    }));
}

export function keptOf(sql: Sql, site: number): KeptRevision[] {
  return sql('SELECT revision, covers, whole FROM kept WHERE site = ? ORDER BY revision')
    .all(site)
    .map(({ revision, covers, whole }) => ({
      revision: revision as number,
      covers: covers === null ? null : (JSON.parse(covers as string) as Cover),
      isWhole: whole === 1,
    }));
}
