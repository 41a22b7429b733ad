import type { Commit } from '../../../shared/api.ts';
import type { Digest } from '../../../shared/digest.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { openManifestReader } from '../../../shared/manifest/reading.ts';
import type { Row } from '../../../shared/manifest/rows.ts';
import { OPEN } from '../../../shared/manifest/schema.ts';
import { openStaging } from '../../../shared/manifest/staging.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { RevisionCalls, RevisionRow } from '../catalog.ts';
import type { RecordDraft } from './append.ts';
import type { CatalogContext } from './context.ts';

const STAGE_PAGE = 2000;
const REVISION = 'SELECT r.*, r.revision = s.live AS live FROM revision r JOIN site s ON s.id = r.site';

export function revisionCalls({ database, sql, writer, identity }: CatalogContext): RevisionCalls {
  const staging = openStaging(database);
  const reader = openManifestReader(database);

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

  return {
    ...staging,

    revisions: (site, limit) =>
      sql(`${REVISION} WHERE r.site = ? ORDER BY r.revision DESC LIMIT ?`).all(site, limit).map(toRevision),

    revision(site, revision) {
      const row = sql(`${REVISION} WHERE r.site = ? AND r.revision = ?`).get(site, revision);
      if (row === undefined) throw new SkerryError('no-such-revision', `there is no revision ${revision}`);
      return toRevision(row);
    },

    formerlyLive(site) {
      const row = sql(
        `${REVISION} JOIN revision now ON now.site = r.site AND now.revision = s.live
         WHERE r.site = ? AND r.revision < s.live AND r.root <> now.root ORDER BY r.revision DESC LIMIT 1`,
      ).get(site);
      return row === undefined ? undefined : toRevision(row);
    },

    beginStaging(site) {
      return transaction(database, () => {
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

    reveal({ site, revision, root, base, message, restores, time, deploy }) {
      return transaction(database, () => {
        const { files, bytes } = totals(site, revision);
        const drafts: RecordDraft[] = [
          {
            kind: 'revision',
            critical: true,
            site,
            revision,
            root,
            payload: { base, files, bytes, message, restores },
          },
          { kind: 'activate', critical: true, site, revision, root, payload: { mode: 'async' } },
        ];
        const seq = writer.append(identity(), drafts, time);
        sql(
          `INSERT INTO revision (site, revision, seq, root, base, files, bytes, message, time, restores)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ).run(site, revision, seq, root, base, files, bytes, message, time, restores);
        sql('UPDATE site SET live = :revision, newest = :revision, staging = NULL WHERE id = :site').run({
          revision,
          site,
        });
        if (deploy !== null) {
          const result: Commit = { revision, seq, unchanged: false, receipts: [] };
          sql('UPDATE deploy SET result = ? WHERE id = ?').run(JSON.stringify(result), deploy);
        }
        return { seq };
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
    live: row.live === 1,
  };
}
