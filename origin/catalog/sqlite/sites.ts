import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import {
  changedPolicy,
  DEFAULT_POLICY,
  type Mode,
  type SitePolicy,
} from '../../../shared/site/site-policy.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import { overlapWith } from '../../domains/overlap.ts';
import { checkDomainChange } from '../../domains/rights.ts';
import { plainDraft } from '../record-draft.ts';
import type { SiteCalls, SiteRow } from '../site-calls.ts';
import type { CatalogContext } from './context.ts';

const SITE = `
  SELECT s.id, s.name, s.domains, s.policy, s.live, s.tip, s.newest,
    coalesce(r.files, 0) AS files, coalesce(r.bytes, 0) AS bytes, p.mode AS pending_mode, p.time AS pending_since
  FROM site s LEFT JOIN revision r ON r.site = s.id AND r.revision = s.live
  LEFT JOIN revision p ON p.site = s.id AND p.revision = s.tip AND p.state = 'pending'
  WHERE s.deleted = 0`;

export function siteCalls({ database, sql, writer, identity }: CatalogContext): SiteCalls {
  const find = (name: string): SiteRow | undefined => {
    const row = sql(`${SITE} AND s.name = ?`).get(name);
    return row === undefined ? undefined : toSite(row);
  };

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

  function refuseTakenDomains(name: string, domains: readonly string[]): void {
    const taken = overlapWith(
      domains,
      sites().filter((other) => other.name !== name),
    );
    if (taken === undefined) return;
    const { domain, other, site } = taken;
    throw new SkerryError(
      'domain-taken',
      domain === other
        ? `${domain} belongs to the site ${site}`
        : `${domain} overlaps with ${other}, which belongs to the site ${site}`,
    );
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
    putSite(name, wanted, time, change, rights = 'all') {
      const existing = find(name);
      if (existing !== undefined && wanted === undefined && change === undefined) return existing;
      const domains = wanted ?? existing?.domains ?? [];
      return transaction(database, () => {
        if (wanted !== undefined) {
          checkDomainChange(existing?.domains ?? [], wanted, rights);
          refuseTakenDomains(name, wanted);
        }
        if (existing === undefined)
          sql('INSERT INTO site (name, domains, policy) VALUES (?, ?, ?)').run(
            name,
            JSON.stringify(domains),
            JSON.stringify(DEFAULT_POLICY),
          );
        else sql('UPDATE site SET domains = ? WHERE id = ?').run(JSON.stringify(domains), existing.id);
        const { id, policy } = siteNamed(name);
        if (change !== undefined) {
          const changed = changedPolicy(policy, change);
          sql('UPDATE site SET policy = ? WHERE id = ?').run(JSON.stringify(changed), id);
        }
        const settled = site(id);
        writeSettings(settled, false, time);
        return settled;
      });
    },
    deleteSite(name, time, { unpublished } = { unpublished: false }) {
      const settled = siteNamed(name);
      const { revision, pending, domains } = settled;
      if (unpublished && (revision > 0 || pending !== null || domains.length > 0))
        throw new SkerryError('site-published', `${name} has a revision or a domain`);
      transaction(database, () => {
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
    revision: row.live as number,
    files: row.files as number,
    bytes: row.bytes as number,
    tip: row.tip as number,
    newest: row.newest as number,
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
