import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Digest } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import type { Mode, SitePolicy } from '../../../shared/site/site-policy.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { Activation, EdgeSite, FormerRevision, Milestone, SiteCalls } from '../catalog.ts';
import { type Cover, WHOLE } from '../cover.ts';
import { aliasesOf, keepIfHeld, keptOf } from './aliases.ts';
import { endedBy } from './purges.ts';
import { rolloutOf, rolloutRevealed } from './rollouts.ts';

/** A record that has just arrived may be a little ahead of the known lower bound of the time. */
const CLOSE_MS = 1000;
/**
 * The maximum number of former revisions of a site. Each request for an asset that is not found elsewhere searches all
 * of them.
 */
const MOST_FORMER = 100;

export function siteCalls(database: DatabaseSync, sql: (text: string) => StatementSync): SiteCalls {
  const files = (site: number, revision: number) =>
    (sql('SELECT files FROM announced WHERE site = ? AND revision = ?').get(site, revision)?.files ?? null) as
      | number
      | null;

  const activations = (site: number): Activation[] =>
    sql(
      'SELECT * FROM activation WHERE site = :site AND seq > (SELECT active_seq FROM site WHERE id = :site) ORDER BY seq',
    )
      .all({ site })
      .map((row) => ({
        revision: row.revision as number,
        root: row.root as Digest,
        seq: row.seq as number,
        files: files(site, row.revision as number),
        time: row.time as number,
        mode: row.mode as Mode,
        now: row.now === 1,
      }));

  function proposal(site: number): Milestone | null {
    const row = sql('SELECT * FROM proposal WHERE site = ?').get(site);
    if (row === undefined) return null;
    const revision = row.revision as number;
    return { revision, root: row.root as Digest, seq: row.seq as number, files: files(site, revision) };
  }

  const former = (site: number): FormerRevision[] =>
    sql(
      `SELECT revision, ended FROM held WHERE site = ? AND ended IS NOT NULL
       ORDER BY ended DESC, revision DESC LIMIT ${MOST_FORMER}`,
    )
      .all(site)
      .map(({ revision, ended }) => ({ revision: revision as number, ended: ended as number }));

  function toSite(row: Row): EdgeSite {
    const id = row.id as number;
    return {
      id,
      name: row.name as string,
      domains: JSON.parse(row.domains as string) as string[],
      policy: JSON.parse(row.policy as string) as SitePolicy,
      active: {
        revision: row.active as number,
        root: row.active_root as Digest | null,
        seq: row.active_seq as number,
        files: null,
      },
      returned: row.returned_seq as number | null,
      activations: activations(id),
      proposal: proposal(id),
      staging: row.staging as number | null,
      prepared: row.prepared as number | null,
      former: former(id),
      purges: endedBy(sql, id),
      covers: toCover(row.covers as string | null),
      aliases: aliasesOf(sql, id),
      rollout: rolloutOf(sql, id),
      kept: keptOf(sql, id),
    };
  }

  const saveCovers = (site: number, covers: Cover) =>
    sql('UPDATE site SET covers = ? WHERE id = ?').run(JSON.stringify(covers), site);

  return {
    sites: () => sql('SELECT * FROM site WHERE deleted = 0 ORDER BY id').all().map(toSite),

    site(id) {
      const row = sql('SELECT * FROM site WHERE id = ? AND deleted = 0').get(id);
      return row === undefined ? undefined : toSite(row);
    },

    siteNamed(name) {
      const row = sql('SELECT * FROM site WHERE name = ? AND deleted = 0').get(name);
      return row === undefined ? undefined : toSite(row);
    },

    deletedSites: () =>
      sql('SELECT id FROM site WHERE deleted = 1 ORDER BY id')
        .all()
        .map(({ id }) => id as number),

    forgetSite(site) {
      transaction(database, () => {
        for (const table of [
          'held',
          'alias',
          'rollout',
          'kept',
          'activation',
          'announced',
          'proposal',
          'purge',
          'ended',
          'statement',
        ])
          sql(`DELETE FROM ${table} WHERE site = ?`).run(site);
        sql('DELETE FROM site WHERE id = ? AND deleted = 1').run(site);
      });
    },

    reveal(site, { revision, root, seq }, covers, now) {
      transaction(database, () => {
        sql(
          `UPDATE site SET active = :revision, active_root = :root, active_seq = :seq,
             returned_seq = NULL, staging_root = iif(staging = :revision, NULL, staging_root), prepared = NULL,
             staging = nullif(staging, :revision) WHERE id = :site`,
        ).run({ revision, root, seq, site });
        saveCovers(site, covers);
        sql('UPDATE held SET ended = ? WHERE site = ? AND ended IS NULL').run(now, site);
        sql(
          `INSERT INTO held (site, revision) VALUES (?, ?)
           ON CONFLICT (site, revision) DO UPDATE SET ended = NULL`,
        ).run(site, revision);
        keepIfHeld(sql, site, revision);
        rolloutRevealed(sql, site, revision);
        sql('DELETE FROM activation WHERE site = ? AND seq <= ?').run(site, seq);
        sql('DELETE FROM announced WHERE site = ? AND revision < ?').run(site, revision);
      });
    },

    setCovers(site, covers) {
      saveCovers(site, covers);
    },

    redate(now) {
      const after = now + CLOSE_MS;
      const changed = [
        sql('UPDATE activation SET time = ? WHERE time > ?').run(now, after),
        sql('UPDATE held SET ended = ? WHERE ended > ?').run(now, after),
      ];
      return changed.some(({ changes }) => Number(changes) > 0);
    },

    held: (site) =>
      sql('SELECT revision FROM held WHERE site = ? ORDER BY revision')
        .all(site)
        .map((row) => row.revision as number),

    dropHeld(site, revisions) {
      transaction(database, () => {
        for (const revision of revisions)
          sql('DELETE FROM held WHERE site = ? AND revision = ?').run(site, revision);
      });
    },
  };
}

function toCover(text: string | null): Cover {
  return text === null ? WHOLE : (JSON.parse(text) as Cover);
}
