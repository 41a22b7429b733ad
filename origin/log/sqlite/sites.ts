import { SkerryError } from '../../../shared/errors.ts';
import type { Row } from '../../../shared/manifest/rows.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { SiteCalls, SiteRow } from '../catalog.ts';
import { plainDraft } from './append.ts';
import type { CatalogContext } from './context.ts';

const SITE = `
  SELECT s.id, s.name, s.domains, s.live, s.newest, coalesce(r.files, 0) AS files, coalesce(r.bytes, 0) AS bytes
  FROM site s LEFT JOIN revision r ON r.site = s.id AND r.revision = s.live
  WHERE s.deleted = 0`;

export function siteCalls({ database, sql, writer, identity }: CatalogContext): SiteCalls {
  const find = (name: string): SiteRow | undefined => {
    const row = sql(`${SITE} AND s.name = ?`).get(name);
    return row === undefined ? undefined : toSite(row);
  };

  function site(name: string): SiteRow {
    const found = find(name);
    if (found === undefined) throw new SkerryError('no-such-site', `there is no site ${name}`);
    return found;
  }

  const sites = () => sql(`${SITE} ORDER BY s.name`).all().map(toSite);

  function refuseTakenDomains(name: string, domains: readonly string[]): void {
    for (const other of sites()) {
      const taken =
        other.name === name ? undefined : other.domains.find((domain) => domains.includes(domain));
      if (taken !== undefined)
        throw new SkerryError('domain-taken', `${taken} belongs to the site ${other.name}`);
    }
  }

  return {
    sites,
    site,
    putSite(name, wanted, time) {
      const existing = find(name);
      if (existing !== undefined && wanted === undefined) return existing;
      const domains = wanted ?? [];
      return transaction(database, () => {
        refuseTakenDomains(name, domains);
        if (existing === undefined)
          sql('INSERT INTO site (name, domains) VALUES (?, ?)').run(name, JSON.stringify(domains));
        else sql('UPDATE site SET domains = ? WHERE id = ?').run(JSON.stringify(domains), existing.id);
        const settled = site(name);
        writer.append(
          identity(),
          [plainDraft('settings', settled.id, { name, domains: [...domains], deleted: false })],
          time,
        );
        return settled;
      });
    },
    deleteSite(name, time) {
      const { id, domains } = site(name);
      transaction(database, () => {
        sql('UPDATE site SET deleted = 1 WHERE id = ?').run(id);
        writer.append(
          identity(),
          [plainDraft('settings', id, { name, domains: [...domains], deleted: true })],
          time,
        );
      });
    },
  };
}

function toSite(row: Row): SiteRow {
  return {
    id: row.id as number,
    name: row.name as string,
    domains: JSON.parse(row.domains as string) as string[],
    revision: row.live as number,
    newest: row.newest as number,
    files: row.files as number,
    bytes: row.bytes as number,
  };
}
