import type { Digest } from '../../../shared/content/digest.ts';
import { OPEN } from '../../../shared/content/manifest/ranges.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { Seq } from '../../../shared/log/record.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { Commit } from '../../../shared/wire/api.ts';
import type { DoneDeploy, PublishCalls } from '../publish-calls.ts';
import type { RecordDraft } from '../record-draft.ts';
import { tipOf } from '../revision-state.ts';
import type { CatalogContext } from './context.ts';
import { REVISION, stateOf } from './revisions.ts';
import { siteHistory } from './site-history.ts';

export function publishCalls({ database, sql, writer, identity }: CatalogContext): PublishCalls {
  /** Files and bytes of the staged state, in time proportional to the change. */
  function totals(site: number, revision: number): { files: number; bytes: number } {
    const sum = (where: string) => {
      const row = sql(
        `SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM entry WHERE site = ? AND ${where}`,
      ).get(site, revision);
      return { files: Number(row?.files), bytes: Number(row?.bytes) };
    };
    const before = sql('SELECT files, bytes FROM revision WHERE site = ? ORDER BY revision DESC LIMIT 1').get(
      site,
    );
    const added = sum('from_rev = ?');
    const ended = sum(`to_rev = ? AND to_rev < ${OPEN}`);
    return {
      files: Number(before?.files ?? 0) + added.files - ended.files,
      bytes: Number(before?.bytes ?? 0) + added.bytes - ended.bytes,
    };
  }

  /** The root of this revision. Throws unless it is the tip and pending. */
  function pendingRoot(site: number, revision: number): Digest {
    const row = sql(`${REVISION} WHERE r.site = ? AND r.revision = ? AND s.deleted = 0`).get(site, revision);
    if (row === undefined || stateOf(row) !== 'pending') {
      throw new SkerryError('no-such-revision', `revision ${revision} does not wait for its activation`);
    }
    return row.root as Digest;
  }

  function markLive(site: number, revision: number, seq: Seq): void {
    sql("UPDATE revision SET state = 'activated', seq = ? WHERE site = ? AND revision = ?").run(
      seq,
      site,
      revision,
    );
    sql('UPDATE site SET live = ? WHERE id = ?').run(revision, site);
  }

  function finish(deploy: DoneDeploy | null, seq: Seq): void {
    if (deploy !== null) storeAnswer(deploy.id, { ...deploy.answer, seq });
  }

  function storeAnswer(deploy: string, answer: Commit): void {
    sql('UPDATE deploy SET result = ? WHERE id = ?').run(JSON.stringify(answer), deploy);
  }

  return {
    reveal({ site, revision, root, base, message, restores, time, mode, activate, deploy }) {
      return transaction(database, () => {
        if (sql('SELECT 1 FROM site WHERE id = ? AND deleted = 0').get(site) === undefined)
          throw new SkerryError('no-such-site', 'the site was deleted');
        const { files, bytes } = totals(site, revision);
        const payload = { base, files, bytes, message, restores, mode };
        const named = { site, revision, root };
        const drafts: RecordDraft[] = [{ kind: 'revision', ...named, payload }];
        if (activate !== null) drafts.push({ kind: 'activate', ...named, payload: activate });
        const seq = writer.append(identity(), drafts, time);
        sql(
          `INSERT INTO revision (site, revision, seq, root, base, files, bytes, message, time, restores, mode, state)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')`,
        ).run(site, revision, seq, root, base, files, bytes, message, time, restores, mode);
        sql('UPDATE site SET tip = :revision, newest = :revision, staging = NULL WHERE id = :site').run({
          revision,
          site,
        });
        if (activate !== null) markLive(site, revision, seq);
        finish(deploy, seq);
        return { seq };
      });
    },

    activate({ site, revision, payload, time, deploy }) {
      return transaction(database, () => {
        const root = pendingRoot(site, revision);
        const seq = writer.append(identity(), [{ kind: 'activate', site, revision, root, payload }], time);
        markLive(site, revision, seq);
        finish(deploy, seq);
        return { seq };
      });
    },

    abort(site, revision, reason, time) {
      transaction(database, () => {
        const root = pendingRoot(site, revision);
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
