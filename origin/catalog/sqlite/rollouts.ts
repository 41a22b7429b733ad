import type { Digest } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { Seq } from '../../../shared/log/record.ts';
import type { RolloutPolicy } from '../../../shared/site/rollout-policy.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { RolloutEvidence } from '../../../shared/wire/rollout-api.ts';
import { MOST_ROLLOUTS } from '../limits.ts';
import type { RecordDraft } from '../record-draft.ts';
import type { RolloutCalls, RolloutRow } from '../rollout-calls.ts';
import type { CatalogContext } from './context.ts';
import { noteShowing } from './showings.ts';

type Sql = CatalogContext['sql'];

const OPEN = "state IN ('running', 'paused')";
const ROLLOUT = `
  SELECT o.*, s.name AS site_name, r.root, r.files, r.message FROM rollout o
  JOIN site s ON s.id = o.site AND s.deleted = 0
  JOIN revision r ON r.site = o.site AND r.revision = o.revision`;
const NO_EVIDENCE = JSON.stringify({ edges: [], worst: [] } satisfies RolloutEvidence);

export function rolloutCalls({ database, sql, writer, identity }: CatalogContext): RolloutCalls {
  function open(site: number, revision: number): Row {
    const row = sql(`${ROLLOUT} WHERE o.site = ? AND o.revision = ? AND o.${OPEN}`).get(site, revision);
    if (row === undefined)
      throw new SkerryError('no-such-rollout', `no rollout of revision ${revision} is under way`);
    return row;
  }

  return {
    openRollouts: () => sql(`${ROLLOUT} WHERE o.${OPEN} ORDER BY o.site`).all().map(toRollout),

    rollout(site) {
      const row = sql(`${ROLLOUT} WHERE o.site = ?`).get(site);
      if (row === undefined) throw new SkerryError('no-such-rollout', 'the site has had no rollout');
      return toRollout(row);
    },

    stepRollout: (site, revision, { step, edges, dwell }, time) =>
      transaction(database, () => {
        const row = open(site, revision);
        const { root, policy, base } = toRollout(row);
        const draft = stepRecord({ site, revision, root }, { base, step, edges, policy, files: row.files });
        const seq = writer.append(identity(), [draft], time);
        noteShowing(sql, { seq, site, revision, edges });
        sql('UPDATE rollout SET step = ?, edges = ?, seq = ?, stepped = ?, dwell = ? WHERE site = ?').run(
          step,
          JSON.stringify(edges),
          seq,
          time,
          dwell,
          site,
        );
        return { seq };
      }),

    endRollout: (site, revision, { state, reason, evidence }, time) =>
      transaction(database, () => {
        open(site, revision);
        const ending = endOpenRollout(sql, site, { state, reason }, time);
        const seq = writer.append(identity(), ending, time);
        noteTakenBack(sql, site, ending, seq);
        sql('UPDATE rollout SET seq = ? WHERE site = ?').run(seq, site);
        if (evidence !== undefined)
          sql('UPDATE rollout SET evidence = ? WHERE site = ?').run(JSON.stringify(evidence), site);
        return { seq };
      }),

    noteRollout: (site, revision, { state, reason, evidence, stepped }) =>
      transaction(database, () => {
        open(site, revision);
        sql(
          `UPDATE rollout SET state = coalesce(?, state), reason = coalesce(?, reason),
             evidence = coalesce(?, evidence), stepped = coalesce(?, stepped) WHERE site = ?`,
        ).run(
          ...[state ?? null, reason ?? null, evidence === undefined ? null : JSON.stringify(evidence)],
          ...[stepped ?? null, site],
        );
      }),
  };
}

interface StepRow {
  readonly base: number;
  readonly step: number;
  readonly edges: readonly string[];
  readonly policy: RolloutPolicy;
  readonly files: unknown;
}

function stepRecord(
  named: { readonly site: number; readonly revision: number; readonly root: Digest },
  { base, step, edges, policy, files }: StepRow,
): RecordDraft<'rollout'> {
  const paths = [...policy.guards.paths];
  return {
    kind: 'rollout',
    ...named,
    payload: { base, step, edges: [...edges], files: Number(files), paths },
  };
}

/** The first record of a rollout: edges take the revision in, and none shows it. Throws `too-many-rollouts`. */
export function firstStep(
  sql: Sql,
  named: { readonly site: number; readonly revision: number; readonly root: Digest },
  { base, policy, files }: { readonly base: number; readonly policy: RolloutPolicy; readonly files: number },
): RecordDraft<'rollout'> {
  const open = sql(`SELECT count(*) AS open FROM rollout WHERE ${OPEN} AND site <> ?`).get(named.site)?.open;
  if (Number(open) >= MOST_ROLLOUTS)
    throw new SkerryError('too-many-rollouts', `an origin has at most ${MOST_ROLLOUTS} rollouts at a time`);
  return stepRecord(named, { base, step: 0, edges: [], policy, files });
}

/** Stores a rollout that has just begun. It replaces the last one of the site, which has ended. */
export function storeRollout(
  sql: Sql,
  begun: {
    readonly site: number;
    readonly revision: number;
    readonly base: number;
    readonly seq: Seq;
    readonly policy: RolloutPolicy;
    readonly time: number;
  },
): void {
  const { site, revision, base, seq, policy, time } = begun;
  sql(
    `INSERT OR REPLACE INTO rollout (site, revision, base, seq, policy, state, reason, step, edges, began, stepped, evidence)
     VALUES (?, ?, ?, ?, ?, 'running', '', 0, '[]', ?, ?, ?)`,
  ).run(site, revision, base, seq, JSON.stringify(policy), time, time, NO_EVIDENCE);
  sql('UPDATE site SET named = max(named, ?) WHERE id = ?').run(revision, site);
}

/** Takes the revision of an open rollout back, if there is one. Returns the record, which the caller appends first. */
export function endOpenRollout(
  sql: Sql,
  site: number,
  { state, reason }: { readonly state: 'failed' | 'aborted'; readonly reason: string },
  time: number,
): RecordDraft<'abort'>[] {
  const row = sql(
    `SELECT o.revision, r.root, o.base, o.edges, b.root AS base_root FROM rollout o
     JOIN revision r ON r.site = o.site AND r.revision = o.revision
     JOIN revision b ON b.site = o.site AND b.revision = o.base
     WHERE o.site = ? AND o.${OPEN}`,
  ).get(site);
  if (row === undefined) return [];
  const revision = Number(row.revision);
  sql('UPDATE rollout SET state = ?, reason = ?, ended = ? WHERE site = ?').run(state, reason, time, site);
  sql("UPDATE revision SET state = 'aborted' WHERE site = ? AND revision = ?").run(site, revision);
  const shows = { revision: Number(row.base), root: String(row.base_root) };
  const payload = { reason, ...(row.edges !== '[]' && { shows }) };
  return [{ kind: 'abort', site, revision, root: row.root as Digest, payload }];
}

/** Notes the abort that `endOpenRollout` has made, if it made one, when it is in the log. */
export function noteTakenBack(
  sql: Sql,
  site: number,
  [ending]: readonly RecordDraft<'abort'>[],
  seq: Seq,
): void {
  const again = ending?.payload.shows;
  if (again === undefined) return;
  const row = sql('SELECT edges FROM rollout WHERE site = ?').get(site);
  const edges = JSON.parse(String(row?.edges)) as string[];
  noteShowing(sql, { seq, site, revision: again.revision, edges });
}

/** Notes that the revision is live, if the site's open rollout is about it. */
export function finishRollout(sql: Sql, site: number, revision: number, seq: Seq, time: number): void {
  sql(
    `UPDATE rollout SET state = 'done', reason = '', ended = ?, seq = ? WHERE site = ? AND revision = ? AND ${OPEN}`,
  ).run(time, seq, site, revision);
}

/** The revision of the site's open rollout. Undefined for none. */
export function openRevision(sql: Sql, site: number): number | undefined {
  const row = sql(`SELECT revision FROM rollout WHERE site = ? AND ${OPEN}`).get(site);
  return row === undefined ? undefined : Number(row.revision);
}

function toRollout(row: Row): RolloutRow {
  return {
    site: Number(row.site),
    siteName: String(row.site_name),
    revision: Number(row.revision),
    root: row.root as Digest,
    base: Number(row.base),
    seq: Number(row.seq),
    policy: JSON.parse(String(row.policy)) as RolloutPolicy,
    state: row.state as RolloutRow['state'],
    reason: String(row.reason),
    step: Number(row.step),
    edges: JSON.parse(String(row.edges)) as string[],
    message: String(row.message),
    began: Number(row.began),
    stepped: Number(row.stepped),
    dwell: Number(row.dwell),
    ended: row.ended === null ? null : Number(row.ended),
    evidence: JSON.parse(String(row.evidence)) as RolloutEvidence,
  };
}
