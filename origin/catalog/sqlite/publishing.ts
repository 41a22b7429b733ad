import type { Digest } from '../../../shared/content/digest.ts';
import { OPEN } from '../../../shared/content/manifest/ranges.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { type Seq, seq as toSeq } from '../../../shared/log/record.ts';
import { checkFileQuota, checkTreeQuota, type TreeSize } from '../../../shared/site/quota.ts';
import type { SitePolicy } from '../../../shared/site/site-policy.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { Commit } from '../../../shared/wire/api.ts';
import type { DoneDeploy, PublishCalls } from '../publish-calls.ts';
import type { RecordDraft } from '../record-draft.ts';
import { tipOf } from '../revision-state.ts';
import { aliasRecord, checkAlias, storeAlias } from './aliases.ts';
import type { CatalogContext } from './context.ts';
import { noteHeldDone } from './held-done.ts';
import { REVISION, stateOf } from './revisions.ts';
import {
  endOpenRollout,
  finishRollout,
  firstStep,
  noteTakenBack,
  openRevision,
  storeRollout,
} from './rollouts.ts';
import { siteHistory } from './site-history.ts';

/** The number of the first of these records, of which the last one has the number `end`. */
const firstOf = (records: readonly RecordDraft[], end: Seq) => toSeq(end - records.length + 1);

/** How a rollout ends when the site goes on without it. */
const BY_ANOTHER = { state: 'aborted', reason: 'another revision was published' } as const;

export function publishCalls({ database, sql, writer, identity }: CatalogContext): PublishCalls {
  /** Files and bytes of the staged state, in time proportional to the change. */
  function totals(site: number, revision: number): { before: TreeSize; after: TreeSize; largest: number } {
    const sum = (where: string) => {
      const row = sql(
        `SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes, coalesce(max(size), 0) AS largest FROM entry WHERE site = ? AND ${where}`,
      ).get(site, revision);
      return { files: Number(row?.files), bytes: Number(row?.bytes), largest: Number(row?.largest) };
    };
    const newest = sql('SELECT files, bytes FROM revision WHERE site = ? ORDER BY revision DESC LIMIT 1').get(
      site,
    );
    const before = { files: Number(newest?.files ?? 0), bytes: Number(newest?.bytes ?? 0) };
    const added = sum('from_rev = ?');
    const ended = sum(`to_rev = ? AND to_rev < ${OPEN}`);
    return {
      before,
      after: {
        files: before.files + added.files - ended.files,
        bytes: before.bytes + added.bytes - ended.bytes,
      },
      largest: added.largest,
    };
  }

  /** The root of this revision. Throws unless it is the pending tip or, for `orDraft`, a draft after the tip. */
  function waitingRoot(site: number, revision: number, { orDraft }: { orDraft: boolean }): Digest {
    const row = sql(`${REVISION} WHERE r.site = ? AND r.revision = ? AND s.deleted = 0`).get(site, revision);
    const state = row && stateOf(row);
    const isDraft = orDraft && state === 'draft' && row?.is_after_tip === 1;
    if (row === undefined || !(state === 'pending' || isDraft))
      throw new SkerryError('no-such-revision', `revision ${revision} does not wait for its activation`);
    return row.root as Digest;
  }

  function markLive(site: number, revision: number, seq: Seq): void {
    sql(
      `UPDATE revision SET state = 'activated', seq = :seq, activation = (SELECT json FROM record WHERE seq = :seq)
       WHERE site = :site AND revision = :revision`,
    ).run({ seq, site, revision });
    sql('UPDATE site SET live = :revision, tip = :revision WHERE id = :site').run({ revision, site });
  }

  function finish(deploy: DoneDeploy | null, seq: Seq): void {
    if (deploy !== null) storeAnswer(deploy.id, { ...deploy.answer, seq });
  }

  function storeAnswer(deploy: string, answer: Commit): void {
    sql('UPDATE deploy SET result = ? WHERE id = ?').run(JSON.stringify(answer), deploy);
    noteHeldDone(sql, deploy);
  }

  return {
    reveal(commit) {
      const { site, revision, root, base, message, restores, time, mode, activate } = commit;
      const { draft, rollout, deploy } = commit;
      return transaction(database, () => {
        const row = sql('SELECT name, policy, live FROM site WHERE id = ? AND deleted = 0').get(site);
        if (row === undefined) throw new SkerryError('no-such-site', 'the site was deleted');
        const { before, after, largest } = totals(site, revision);
        const { files, bytes } = after;
        // What was published once can always be restored.
        if (restores === null) {
          const { quota } = JSON.parse(String(row.policy)) as SitePolicy;
          checkFileQuota(String(row.name), quota, largest);
          checkTreeQuota(String(row.name), quota, after, before);
        }
        const isAside = draft !== undefined || rollout !== undefined;
        const payload = {
          base,
          files,
          bytes,
          message,
          restores,
          mode,
          ...(isAside && { draft: true }),
        };
        const named = { site, revision, root };
        const ending = draft === undefined ? endOpenRollout(sql, site, BY_ANOTHER, time) : [];
        const records: RecordDraft[] = [...ending, { kind: 'revision', ...named, payload }];
        if (activate !== null) records.push({ kind: 'activate', ...named, payload: activate });
        if (draft !== undefined) {
          checkAlias(sql, site, draft.name);
          records.push(aliasRecord(named, draft, files));
        }
        const begun = rollout && { base: Number(row.live), policy: rollout };
        if (begun !== undefined) records.push(firstStep(sql, named, { ...begun, files }));
        const seq = writer.append(identity(), records, time);
        noteTakenBack(sql, site, ending, firstOf(records, seq));
        sql(
          `INSERT INTO revision (site, revision, seq, root, base, files, bytes, message, time, restores, mode, state)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ).run(
          ...[site, revision, seq, root, base, files, bytes, message, time, restores, mode],
          isAside ? 'draft' : 'pending',
        );
        sql('UPDATE site SET newest = ?, staging = NULL WHERE id = ?').run(revision, site);
        if (!isAside) sql('UPDATE site SET tip = ? WHERE id = ?').run(revision, site);
        if (draft !== undefined) storeAlias(sql, site, revision, seq, draft);
        if (begun !== undefined) storeRollout(sql, { ...begun, site, revision, seq, time });
        if (activate !== null) markLive(site, revision, seq);
        finish(deploy, seq);
        return { seq };
      });
    },

    activate({ site, revision, payload, time, deploy }) {
      return transaction(database, () => {
        const root = waitingRoot(site, revision, { orDraft: true });
        const isOther = openRevision(sql, site) !== revision;
        const ending = isOther ? endOpenRollout(sql, site, BY_ANOTHER, time) : [];
        const made: RecordDraft = { kind: 'activate', site, revision, root, payload };
        const records = [...ending, made];
        const seq = writer.append(identity(), records, time);
        noteTakenBack(sql, site, ending, firstOf(records, seq));
        markLive(site, revision, seq);
        finishRollout(sql, site, revision, seq, time);
        finish(deploy, seq);
        return { seq };
      });
    },

    abort(site, revision, reason, time) {
      transaction(database, () => {
        const root = waitingRoot(site, revision, { orDraft: false });
        writer.append(identity(), [{ kind: 'abort', site, revision, root, payload: { reason } }], time);
        sql("UPDATE revision SET state = 'aborted' WHERE site = ? AND revision = ?").run(site, revision);
        sql('UPDATE site SET tip = ? WHERE id = ?').run(tipOf(siteHistory(sql, site)?.revisions ?? []), site);
      });
    },

    noteOutcome({ site, revision, visible, unconfirmed, time, deploy }) {
      transaction(database, () => {
        const row = sql('SELECT root FROM revision WHERE site = ? AND revision = ?').get(site, revision);
        const root = (row?.root ?? null) as Digest | null;
        const payload = { visible: [...visible], unconfirmed: [...unconfirmed] };
        writer.append(identity(), [{ kind: 'outcome', site, revision, root, payload }], time);
        if (deploy !== null) storeAnswer(deploy.id, deploy.answer);
      });
    },
  };
}
