import type { Digest } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { OPEN } from '../../../shared/content/manifest/sqlite/schema.ts';
import { openStaging } from '../../../shared/content/manifest/sqlite/staging.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { Seq } from '../../../shared/log/record.ts';
import { PAGE_BYTES } from '../../../shared/log/record-page.ts';
import type { Mode } from '../../../shared/site/site-policy.ts';
import { relaxed, transaction } from '../../../shared/sqlite/open.ts';
import type { Commit } from '../../../shared/wire/api.ts';
import type { DoneDeploy, RevisionCalls, RevisionRow } from '../catalog.ts';
import type { RecordDraft } from './append.ts';
import type { CatalogContext } from './context.ts';
import { heldRevisionReaders } from './held-revisions.ts';

const STAGE_PAGE = 2000;
/** Of a revision, as the API tells it, besides its message. */
const REVISION_BYTES = 400;
const REVISION = `
  SELECT r.*, r.revision = s.live AS is_live, r.revision = s.tip AS is_tip
  FROM revision r JOIN site s ON s.id = r.site`;

export function revisionCalls(context: CatalogContext): RevisionCalls {
  const { database, sql, writer, identity } = context;
  const staging = openStaging(database);
  const reader = heldRevisionReaders(context);

  /** What the staged rows add to and take from the newest state: proportional to the change. */
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

  /** The root of the tip, when it is this revision and not live. */
  function pendingRoot(site: number, revision: number): Digest {
    const row = sql(`${REVISION} WHERE r.site = ? AND r.revision = ? AND s.deleted = 0`).get(site, revision);
    if (row === undefined || row.is_tip !== 1 || row.state !== 'pending') {
      throw new SkerryError('no-such-revision', `revision ${revision} is not one that waits to be live`);
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
    ...staging,

    revisions(site, limit, before = Number.MAX_SAFE_INTEGER) {
      const page: RevisionRow[] = [];
      let bytes = 0;
      const rows = sql(`${REVISION} WHERE r.site = ? AND r.revision < ? ORDER BY r.revision DESC LIMIT ?`);
      for (const row of rows.iterate(site, before, limit)) {
        page.push(toRevision(row));
        bytes += REVISION_BYTES + Buffer.byteLength(JSON.stringify(row.message));
        if (bytes >= PAGE_BYTES) break;
      }
      return page;
    },

    revision(site, revision) {
      const row = sql(`${REVISION} WHERE r.site = ? AND r.revision = ?`).get(site, revision);
      if (row === undefined) throw new SkerryError('no-such-revision', `there is no revision ${revision}`);
      return toRevision(row);
    },

    formerlyLive(site) {
      const row = sql(
        `${REVISION} JOIN revision now ON now.site = r.site AND now.revision = s.live
         WHERE r.site = ? AND r.revision < s.live AND r.state = 'activated' AND r.root <> now.root ORDER BY r.revision DESC LIMIT 1`,
      ).get(site);
      return row === undefined ? undefined : toRevision(row);
    },

    beginStaging(site) {
      return relaxed(database, () => {
        const row = sql('SELECT newest, staging FROM site WHERE id = ? AND deleted = 0').get(site);
        if (row === undefined) throw new SkerryError('no-such-site', 'the site was deleted');
        const newest = Number(row.newest);
        sql('UPDATE site SET staging = ? WHERE id = ?').run(newest + 1, site);
        return { revision: newest + 1, newest, leftover: row.staging !== null };
      });
    },

    endStaging(site) {
      sql('UPDATE site SET staging = NULL WHERE id = ?').run(site);
    },

    stageDiff(site, revision, from, to, after) {
      const page = reader.diffPage(site, from, to, after, STAGE_PAGE);
      staging.stage(site, revision, page.changes);
      return page.next;
    },

    reveal({ site, revision, root, base, message, restores, time, mode, activate, deploy }) {
      return transaction(database, () => {
        if (sql('SELECT 1 FROM site WHERE id = ? AND deleted = 0').get(site) === undefined)
          throw new SkerryError('no-such-site', 'the site was deleted');
        const { files, bytes } = totals(site, revision);
        const payload = { base, files, bytes, message, restores, mode };
        const named = { critical: true, site, revision, root };
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
        const seq = writer.append(
          identity(),
          [{ kind: 'activate', critical: true, site, revision, root, payload }],
          time,
        );
        markLive(site, revision, seq);
        finish(deploy, seq);
        return { seq };
      });
    },

    abort(site, revision, reason, time) {
      transaction(database, () => {
        const root = pendingRoot(site, revision);
        writer.append(
          identity(),
          [{ kind: 'abort', critical: true, site, revision, root, payload: { reason } }],
          time,
        );
        sql("UPDATE revision SET state = 'aborted' WHERE site = ? AND revision = ?").run(site, revision);
        sql(
          `UPDATE site SET tip = (SELECT coalesce(max(revision), 0) FROM revision
             WHERE site = site.id AND state <> 'aborted') WHERE id = ?`,
        ).run(site);
      });
    },

    noteOutcome({ site, revision, visible, unconfirmed, time, deploy }) {
      transaction(database, () => {
        const row = sql('SELECT root FROM revision WHERE site = ? AND revision = ?').get(site, revision);
        const root = (row?.root ?? null) as Digest | null;
        const payload = { visible: [...visible], unconfirmed: [...unconfirmed] };
        writer.append(
          identity(),
          [{ kind: 'outcome', critical: false, site, revision, root, payload }],
          time,
        );
        if (deploy !== null) storeAnswer(deploy.id, deploy.answer);
      });
    },
  };
}

function toRevision(row: Row): RevisionRow {
  return {
    revision: row.revision as number,
    seq: row.seq as number,
    root: row.root as Digest,
    base: row.base as number,
    files: row.files as number,
    bytes: row.bytes as number,
    message: row.message as string,
    time: row.time as number,
    restores: row.restores as number | null,
    live: row.is_live === 1,
    mode: row.mode as Mode,
    state: row.state === 'pending' && row.is_tip !== 1 ? 'superseded' : (row.state as RevisionRow['state']),
    pinned: row.pinned === 1,
  };
}
