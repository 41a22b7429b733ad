import type { StatementSync } from 'node:sqlite';
import type { SitePolicy } from '../../../shared/site/site-policy.ts';
import type { KnownRevision, RetainedSite, SiteHistory } from '../retention-calls.ts';

type Sql = (text: string) => StatementSync;

/** All sites, without deleted ones that have nothing left. Their rows stay, so that no id is used twice. */
export function sitesToRetain(sql: Sql): RetainedSite[] {
  return sql(
    `SELECT id, name, deleted FROM site s WHERE deleted = 0
       OR EXISTS (SELECT 1 FROM revision r WHERE r.site = s.id)
       OR EXISTS (SELECT 1 FROM entry e WHERE e.site = s.id)
       OR EXISTS (SELECT 1 FROM bucket b WHERE b.site = s.id)
     ORDER BY id`,
  )
    .all()
    .map((row) => ({ id: Number(row.id), name: String(row.name), deleted: row.deleted === 1 }));
}

/** Everything that decides what is pruned. Undefined for a site that never existed. */
export function siteHistory(sql: Sql, site: number): SiteHistory | undefined {
  const row = sql('SELECT live, tip, newest, deleted, policy FROM site WHERE id = ?').get(site);
  if (row === undefined) return undefined;
  const policy = JSON.parse(String(row.policy)) as SitePolicy;
  return {
    live: Number(row.live),
    tip: Number(row.tip),
    newest: Number(row.newest),
    deleted: row.deleted === 1,
    named: sql(
      `SELECT revision FROM alias WHERE site = :site UNION
       SELECT revision FROM rollout WHERE site = :site AND state IN ('running', 'paused')`,
    )
      .all({ site })
      .map(({ revision }) => Number(revision)),
    retention: policy.retention,
    revisions: sql('SELECT revision, time, state, pinned FROM revision WHERE site = ? ORDER BY revision')
      .all(site)
      .map((revision) => ({
        revision: Number(revision.revision),
        time: Number(revision.time),
        state: revision.state as KnownRevision['state'],
        pinned: revision.pinned === 1,
      })),
  };
}
