import { hasCode, SkerryError } from '../../../shared/errors.ts';
import { memberSet } from '../../../shared/log/member-set.ts';
import type { Seq } from '../../../shared/log/record.ts';
import type { Payload } from '../../../shared/log/record-kinds.ts';
import type { RolloutPolicy } from '../../../shared/site/rollout-policy.ts';
import { DEFAULT_POLICY, type SitePolicy } from '../../../shared/site/site-policy.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import { memberPayload } from '../member-record.ts';
import { plainDraft } from '../record-draft.ts';
import type { LogPruneCalls } from '../retention-calls.ts';
import type { CatalogContext } from './context.ts';
import { toEdge } from './fleet.ts';

type PointedAlias = NonNullable<Payload<'checkpoint'>['sites'][number]['aliases']>[number];

/** Most sites have no alias. A checkpoint leaves the empty list out, so that more sites fit. */
const withAliases = (aliases: readonly PointedAlias[]) =>
  aliases.length === 0 ? {} : { aliases: [...aliases] };

/** The policy of most sites. A checkpoint leaves it out, so that more sites fit. */
const DEFAULTS = JSON.stringify(DEFAULT_POLICY);

export function checkpointCalls({ database, sql, writer, identity }: CatalogContext): LogPruneCalls {
  function payload(): Payload<'checkpoint'> {
    const key = sql("SELECT value FROM meta WHERE name = 'key'").get()?.value;
    if (key === undefined) throw new Error('the log is not founded');
    const aliases = sql(
      `SELECT a.*, r.root, r.files FROM alias a JOIN revision r ON r.site = a.site AND r.revision = a.revision
       WHERE a.site = ? ORDER BY a.name`,
    );
    const aliasesOf = (site: number) =>
      aliases.all(site).map((row) => ({
        name: String(row.name),
        revision: Number(row.revision),
        root: String(row.root),
        seq: Number(row.seq),
        files: Number(row.files),
        expires: Number(row.expires),
      }));
    const rollouts = sql(
      `SELECT o.*, r.root, r.files FROM rollout o JOIN revision r ON r.site = o.site AND r.revision = o.revision
       WHERE o.site = ? AND o.state IN ('running', 'paused')`,
    );
    const members = sql('SELECT * FROM edge ORDER BY name')
      .all()
      .map((row) => memberPayload(toEdge(row)));
    const rolloutOf = (site: number) => {
      const row = rollouts.get(site);
      if (row === undefined) return {};
      const { guards } = JSON.parse(String(row.policy)) as RolloutPolicy;
      const rollout = {
        revision: Number(row.revision),
        root: String(row.root),
        seq: Number(row.seq),
        base: Number(row.base),
        step: Number(row.step),
        edges: memberSet(JSON.parse(String(row.edges)) as string[], members),
        files: Number(row.files),
        paths: [...guards.paths],
      };
      return { rollout };
    };
    const sites = sql(
      `SELECT s.id, s.name, s.domains, s.policy, s.live, r.root, r.seq, r.files FROM site s
       LEFT JOIN revision r ON r.site = s.id AND r.revision = s.live WHERE s.deleted = 0 ORDER BY s.id`,
    ).all();
    return {
      key: JSON.parse(String(key)) as Payload<'key'>,
      sites: sites.map((row) => ({
        id: Number(row.id),
        ...withAliases(aliasesOf(Number(row.id))),
        ...rolloutOf(Number(row.id)),
        name: String(row.name),
        domains: JSON.parse(String(row.domains)) as string[],
        ...(row.policy !== DEFAULTS && { policy: JSON.parse(String(row.policy)) as SitePolicy }),
        revision: Number(row.live),
        root: row.root as string | null,
        seq: Number(row.seq ?? 0),
        files: Number(row.files ?? 0),
      })),
      members,
    };
  }

  function append(made: Payload<'checkpoint'>, time: number): Seq {
    try {
      return writer.append(identity(), [plainDraft('checkpoint', 0, made)], time);
    } catch (cause) {
      if (!hasCode(cause, 'record-too-large')) throw cause;
      const { sites, members } = made;
      throw new SkerryError(
        'checkpoint-too-large',
        `a checkpoint of ${sites.length} sites and ${members.length} edges would be larger than a record may be`,
        { cause },
      );
    }
  }

  return {
    storedLog() {
      const ends = sql('SELECT min(seq) AS first, max(seq) AS head FROM record').get();
      const checkpoints = sql('SELECT seq FROM checkpoint ORDER BY seq')
        .all()
        .map((row) => Number(row.seq));
      const bytesFrom = (seq: number) =>
        Number(sql('SELECT coalesce(sum(bytes), 0) AS sum FROM record WHERE seq >= ?').get(seq)?.sum);
      return {
        first: Number(ends?.first ?? 1),
        head: Number(ends?.head ?? 0),
        checkpoints,
        bytes: bytesFrom(0),
        bytesAfter: checkpoints.map((seq) => bytesFrom(seq + 1)),
      };
    },

    addCheckpoint: (time) =>
      transaction(database, () => {
        const seq = append(payload(), time);
        sql('INSERT INTO checkpoint (seq) VALUES (?)').run(seq);
        return seq;
      }),

    dropRecords: (before, limit) =>
      transaction(database, () => {
        if (sql('SELECT 1 FROM checkpoint WHERE seq = ?').get(before) === undefined)
          throw new Error(`the log cannot begin at ${before}, which is no checkpoint`);
        const { changes } = sql(
          'DELETE FROM record WHERE seq IN (SELECT seq FROM record WHERE seq < ? ORDER BY seq LIMIT ?)',
        ).run(before, limit);
        for (const table of ['checkpoint', 'purge', 'purge_receipt'])
          sql(`DELETE FROM ${table} WHERE seq < (SELECT min(seq) FROM record)`).run();
        return Number(changes);
      }),
  };
}
