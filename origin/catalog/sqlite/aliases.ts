import type { Digest } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { MOST_ALIASES } from '../../../shared/site/alias.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { AliasCalls, AliasRow, AliasTarget } from '../alias-calls.ts';
import { MOST_ALIASES_IN_ALL } from '../limits.ts';
import type { RecordDraft } from '../record-draft.ts';
import { isWithinReach } from '../revision-state.ts';
import type { CatalogContext } from './context.ts';

type Sql = CatalogContext['sql'];

const ALIAS = `
  SELECT a.*, s.name AS site_name, r.root FROM alias a
  JOIN site s ON s.id = a.site AND s.deleted = 0
  JOIN revision r ON r.site = a.site AND r.revision = a.revision`;

export function aliasCalls({ database, sql, writer, identity }: CatalogContext): AliasCalls {
  function alias(site: number, name: string): AliasRow {
    const row = sql(`${ALIAS} WHERE a.site = ? AND a.name = ?`).get(site, name);
    if (row === undefined) throw new SkerryError('no-such-alias', `there is no alias ${name}`);
    return toAlias(row);
  }

  return {
    alias,
    aliases: (site) => sql(`${ALIAS} WHERE a.site = ? ORDER BY a.name`).all(site).map(toAlias),

    expiredAliases: (now, limit) =>
      sql(`${ALIAS} WHERE a.expires <= ? ORDER BY a.expires LIMIT ?`)
        .all(now, limit)
        .map((row) => ({ site: Number(row.site), siteName: String(row.site_name), name: String(row.name) })),

    nextExpiry() {
      const first = sql(
        'SELECT min(a.expires) AS first FROM alias a JOIN site s ON s.id = a.site AND s.deleted = 0',
      ).get()?.first;
      return first == null ? undefined : Number(first);
    },

    putAlias(site, target, revision, time) {
      return transaction(database, () => {
        const row = sql(
          `SELECT r.root, r.files, s.live, s.named,
             EXISTS (SELECT 1 FROM alias a WHERE a.site = s.id AND a.revision = r.revision)
               OR EXISTS (SELECT 1 FROM rollout o WHERE o.site = s.id AND o.revision = r.revision
                 AND o.state IN ('running', 'paused')) AS is_named
           FROM revision r JOIN site s ON s.id = r.site AND s.deleted = 0 WHERE r.site = ? AND r.revision = ?`,
        ).get(site, revision);
        if (row === undefined) throw new SkerryError('no-such-revision', `there is no revision ${revision}`);
        const marks = { live: Number(row.live), named: Number(row.named) };
        if (!isWithinReach(revision, marks, row.is_named === 1))
          throw new Error(`edges can no longer take revision ${revision} as an alias`);
        const named = { site, revision, root: row.root as Digest };
        checkAlias(sql, site, target.name);
        const seq = writer.append(identity(), [aliasRecord(named, target, Number(row.files))], time);
        storeAlias(sql, site, revision, seq, target);
        return { seq };
      });
    },

    deleteAlias(site, name, time) {
      transaction(database, () => {
        const { expires } = alias(site, name);
        const payload = { name, files: 0, expires };
        writer.append(identity(), [{ kind: 'alias', site, revision: 0, root: null, payload }], time);
        sql('DELETE FROM alias WHERE site = ? AND name = ?').run(site, name);
      });
    },
  };
}

/** Throws `alias-taken` and `too-many-aliases`. */
export function checkAlias(sql: Sql, site: number, name: string): void {
  const shadowed = sql(
    `SELECT other.name FROM site s JOIN site other ON other.name = ? || '--' || s.name AND other.deleted = 0
     WHERE s.id = ?`,
  ).get(name, site);
  if (shadowed !== undefined)
    throw new SkerryError('alias-taken', `the site ${String(shadowed.name)} has the host of this alias`);
  if (sql('SELECT 1 FROM alias WHERE site = ? AND name = ?').get(site, name) !== undefined) return;
  const count = sql('SELECT count(*) AS every, count(*) FILTER (WHERE site = ?) AS own FROM alias').get(site);
  if (Number(count?.own) >= MOST_ALIASES)
    throw new SkerryError('too-many-aliases', `a site has at most ${MOST_ALIASES} aliases`);
  if (Number(count?.every) >= MOST_ALIASES_IN_ALL)
    throw new SkerryError('too-many-aliases', `an origin has at most ${MOST_ALIASES_IN_ALL} aliases`);
}

export function aliasRecord(
  named: { readonly site: number; readonly revision: number; readonly root: Digest },
  { name, expires }: AliasTarget,
  files: number,
): RecordDraft<'alias'> {
  return { kind: 'alias', ...named, payload: { name, files, expires } };
}

export function storeAlias(
  sql: Sql,
  site: number,
  revision: number,
  seq: number,
  { name, expires }: AliasTarget,
): void {
  sql(
    `INSERT INTO alias (site, name, revision, seq, expires) VALUES (:site, :name, :revision, :seq, :expires)
     ON CONFLICT (site, name) DO UPDATE SET revision = :revision, seq = :seq, expires = :expires`,
  ).run({ site, name, revision, seq, expires });
  sql('UPDATE site SET named = max(named, ?) WHERE id = ?').run(revision, site);
}

function toAlias(row: Row): AliasRow {
  return {
    name: row.name as string,
    revision: row.revision as number,
    root: row.root as Digest,
    seq: row.seq as number,
    expires: row.expires as number,
  };
}
