import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { Mode, SitePolicy } from '../../../shared/site/site-policy.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { SiteDomains } from '../../domains/overlap.ts';
import { plainDraft } from '../record-draft.ts';
import type { SiteCalls, SiteRow } from '../site-calls.ts';
import { checkUnpublished, planSite, type SiteSettings } from '../site-plan.ts';
import type { BucketWriter } from './bucket-writer.ts';
import type { CatalogContext } from './context.ts';

const SITE = `
  SELECT s.id, s.name, s.domains, s.policy, s.created, s.live, s.tip, s.newest, s.named,
    coalesce(r.files, 0) AS files, coalesce(r.bytes, 0) AS bytes, p.mode AS pending_mode, p.time AS pending_since
  FROM site s LEFT JOIN revision r ON r.site = s.id AND r.revision = s.live
  LEFT JOIN revision p ON p.site = s.id AND p.revision = s.tip AND p.state = 'pending'
  WHERE s.deleted = 0`;

/** Finds a site by its name. */
export function siteFinder(sql: CatalogContext['sql']): (name: string) => SiteRow | undefined {
  return (name) => {
    const row = sql(`${SITE} AND s.name = ?`).get(name);
    return row === undefined ? undefined : toSite(row);
  };
}

export function siteCalls(
  { database, sql, writer, identity }: CatalogContext,
  objects: Pick<BucketWriter, 'isEmpty'>,
): SiteCalls {
  const find = siteFinder(sql);

  function siteNamed(name: string): SiteRow {
    const found = find(name);
    if (found === undefined) throw new SkerryError('no-such-site', `there is no site ${name}`);
    return found;
  }

  function site(id: number): SiteRow {
    const row = sql(`${SITE} AND s.id = ?`).get(id);
    if (row === undefined) throw new SkerryError('no-such-site', 'the site was deleted');
    return toSite(row);
  }

  const sites = () => sql(`${SITE} ORDER BY s.name`).all().map(toSite);

  /**
   * The domains that a new domain is compared with. Their policies are not read, because all of them together may take
   * megabytes.
   */
  const siteDomains = (): SiteDomains[] =>
    sql(
      `SELECT name, domains, json_extract(policy, '$.previews.domain') AS preview FROM site
       WHERE deleted = 0 AND (domains <> '[]' OR preview IS NOT NULL) ORDER BY name`,
    )
      .all()
      .map(({ name, domains, preview }) => ({
        name: String(name),
        domains: [
          ...(JSON.parse(String(domains)) as string[]),
          ...(preview === null ? [] : [`*.${preview}`]),
        ],
      }));

  function store(name: string, { domains, policy }: SiteSettings, time: number): void {
    sql(
      `INSERT INTO site (name, domains, policy, created) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) WHERE deleted = 0 DO UPDATE SET domains = excluded.domains, policy = excluded.policy`,
    ).run(name, JSON.stringify(domains), JSON.stringify(policy), time);
  }

  function writeSettings({ id, name, domains, policy }: SiteRow, deleted: boolean, time: number): void {
    const payload = { name, domains: [...domains], deleted, policy };
    writer.append(identity(), [plainDraft('settings', id, payload)], time);
  }

  return {
    sites,
    siteIds: (names) =>
      sql('SELECT id FROM site WHERE deleted = 0 AND name IN (SELECT value FROM json_each(?)) ORDER BY id')
        .all(JSON.stringify(names))
        .map((row) => Number(row.id)),
    site,
    siteNamed,
    putSite(name, domains, time, policy, rights = 'all') {
      return transaction(database, () => {
        const existing = find(name);
        const settings = planSite({ name, existing, domains, policy, rights, sites: siteDomains });
        if (settings === undefined) return siteNamed(name);
        store(name, settings, time);
        const settled = siteNamed(name);
        writeSettings(settled, false, time);
        return settled;
      });
    },
    deleteSite(name, time, { unpublished = false, empty = false } = {}) {
      transaction(database, () => {
        const settled = siteNamed(name);
        const isEmpty = (!unpublished && !empty) || objects.isEmpty(settled.id);
        if (unpublished) checkUnpublished(settled, isEmpty);
        if (empty && !isEmpty) throw new SkerryError('site-not-empty', `${name} has files`);
        sql('UPDATE site SET deleted = 1 WHERE id = ?').run(settled.id);
        writeSettings(settled, true, time);
      });
    },
  };
}

function toSite(row: Row): SiteRow {
  return {
    id: row.id as number,
    name: row.name as string,
    domains: JSON.parse(row.domains as string) as string[],
    policy: JSON.parse(row.policy as string) as SitePolicy,
    created: row.created as number,
    revision: row.live as number,
    files: row.files as number,
    bytes: row.bytes as number,
    tip: row.tip as number,
    newest: row.newest as number,
    named: row.named as number,
    pending:
      row.pending_mode === null
        ? null
        : {
            revision: row.tip as number,
            mode: row.pending_mode as Mode,
            since: row.pending_since as number,
          },
  };
}
