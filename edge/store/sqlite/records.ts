import type { StatementSync } from 'node:sqlite';
import type { LogRecord } from '../../../shared/log/record.ts';
import { isKnownKind, type Payload, payloads } from '../../../shared/log/record-kinds.ts';
import { EVERYTHING } from '../../../shared/site/purge.ts';
import { DEFAULT_POLICY, type SitePolicy } from '../../../shared/site/site-policy.ts';
import { applyAlias } from './aliases.ts';
import { announce, forgetAborted, putActivation } from './coming.ts';
import { noteEnded, notePurge } from './purges.ts';
import { applyCheckpointRollout, applyRollout, rolloutAborted, rolloutActivated } from './rollouts.ts';

type Sql = (text: string) => StatementSync;

/** Applies a verified record at this edge: to its sites, to their future revisions, and to the members. */
export function applyRecord(sql: Sql, record: LogRecord, isJump = false): void {
  if (!isKnownKind(record.kind)) return;
  const { kind, payload } = record;
  switch (kind) {
    case 'settings': {
      const { name, domains, deleted, policy } = payloads.settings.parseText(payload);
      putSite(sql, record.site, { name, domains, deleted, policy });
      return;
    }
    case 'revision': {
      const { files, mode, draft = false } = payloads.revision.parseText(payload);
      announce(sql, record.site, record.revision, files, mode === 'sync' || draft);
      if (mode === 'sync') {
        sql('INSERT OR REPLACE INTO proposal (site, seq, revision, root) VALUES (?, ?, ?, ?)').run(
          record.site,
          record.seq,
          record.revision,
          record.root,
        );
      }
      return;
    }
    case 'alias':
      applyAlias(sql, { ...record, payload: payloads.alias.parseText(payload) });
      return;
    case 'rollout': {
      const { site, revision, root, seq, time } = record;
      if (root === null) return;
      const step = payloads.rollout.parseText(payload);
      applyRollout(sql, { site, revision, root, seq, payload: step }, time);
      return;
    }
    case 'activate': {
      const { mode, now } = payloads.activate.parseText(payload);
      const { site, seq, revision, root, time } = record;
      putActivation(sql, { site, seq, revision, root, time, mode, now: now ? 1 : 0 });
      rolloutActivated(sql, site, revision, time);
      return;
    }
    case 'abort':
      forgetAborted(sql, record.site, record.revision);
      rolloutAborted(sql, record, payloads.abort.parseText(payload).shows?.revision ?? 0);
      return;
    case 'purge':
      notePurge(sql, record);
      return;
    case 'member':
      putMember(sql, payloads.member.parseText(payload));
      return;
    case 'checkpoint':
      // A checkpoint contains nothing new for an edge that has every record before it.
      if (isJump) applyCheckpoint(sql, record, payloads.checkpoint.parseText(payload));
      return;
    case 'key':
    case 'outcome':
      return;
  }
}

/** A checkpoint replaces all records before it, so everything that it does not name has been deleted. */
function applyCheckpoint(sql: Sql, record: LogRecord, state: Payload<'checkpoint'>): void {
  sql('UPDATE site SET deleted = 1').run();
  sql('DELETE FROM proposal').run();
  sql('DELETE FROM member').run();
  for (const site of state.sites) {
    const { id, name, domains, policy, revision, root, seq, files, aliases = [] } = site;
    putSite(sql, id, { name, domains, deleted: false, policy: policy ?? DEFAULT_POLICY });
    const names = JSON.stringify(aliases.map((alias) => alias.name));
    sql('DELETE FROM alias WHERE site = ? AND name NOT IN (SELECT value FROM json_each(?))').run(id, names);
    for (const { revision, root, seq, ...payload } of aliases)
      applyAlias(sql, { site: id, revision, root, seq, payload });
    applyCheckpointRollout(sql, site, state.members);
    if (revision === 0 || root === null) continue;
    // Purges before the checkpoint are unknown, so the edge must not serve assets from earlier revisions, nor from later
    // ones, which were on trial.
    noteEnded(sql, id, revision, EVERYTHING);
    sql('UPDATE held SET ended = 0 WHERE site = ? AND revision > ? AND ended IS NOT NULL').run(id, revision);
    announce(sql, id, revision, files, false);
    const known = sql('SELECT active_seq FROM site WHERE id = ?').get(id);
    if (Number(known?.active_seq ?? 0) >= seq) continue;
    putActivation(sql, { site: id, seq, revision, root, time: record.time, mode: 'async', now: 0 });
  }
  for (const member of state.members) putMember(sql, member);
}

function putSite(
  sql: Sql,
  id: number,
  site: { name: string; domains: readonly string[]; deleted: boolean; policy: SitePolicy },
): void {
  sql(
    `INSERT INTO site (id, name, domains, deleted, policy) VALUES (:id, :name, :domains, :deleted, :policy)
     ON CONFLICT (id) DO UPDATE SET name = :name, domains = :domains, deleted = :deleted, policy = :policy`,
  ).run({
    id,
    name: site.name,
    domains: JSON.stringify(site.domains),
    deleted: site.deleted ? 1 : 0,
    policy: JSON.stringify(site.policy),
  });
}

function putMember(sql: Sql, member: Payload<'member'>): void {
  sql('INSERT OR REPLACE INTO member (name, json) VALUES (?, ?)').run(member.name, JSON.stringify(member));
}
