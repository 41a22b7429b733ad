import { leafOf } from '../../../shared/content/buckets.ts';
import type { ContentPath } from '../../../shared/content/content-path.ts';
import { digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import { OPEN } from '../../../shared/content/manifest/ranges.ts';
import { openManifestReader } from '../../../shared/content/manifest/sqlite/reading.ts';
import { metaOf, metaText, type Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { openStaging } from '../../../shared/content/manifest/sqlite/staging.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { relaxed, transaction } from '../../../shared/sqlite/open.ts';
import type { Commit } from '../../../shared/wire/api.ts';
import type { DeployCalls, DeployCursor } from '../deploy-calls.ts';
import { deployToGiveUp } from '../deploy-plan.ts';
import { type CurrentEntry, changeTo, type WantedFile } from '../file-change.ts';
import { KEPT_KEYS, MOST_FILES } from '../limits.ts';
import type { StagingCalls } from '../staging-calls.ts';
import type { CatalogContext } from './context.ts';
import { noteHeldDone } from './held-done.ts';
import { GIVE_UP } from './stale-deploys.ts';

/** Files in a page. It is small because the calls of other publishers wait until a page is done. */
const PAGE = 2000;

/**
 * Joins the object `o` of a file `f` of a deploy, if it was uploaded to this site and the store has it completely. An
 * object without its chunk list is incomplete: a publisher who sends it again also sends the list.
 */
const UPLOADED = `LEFT JOIN site_object s ON s.site = :site AND s.digest = f.digest
  LEFT JOIN object o ON o.digest = s.digest
    AND NOT EXISTS (SELECT 1 FROM damaged d WHERE d.digest IN (o.digest, o.chunks))`;

type StageDeploy = Pick<StagingCalls, 'stageDeploy' | 'stageAbsent'>;

export function deployCalls({ database, sql }: CatalogContext): DeployCalls & StageDeploy {
  const staging = openStaging(database);
  const manifests = openManifestReader(database);

  function place(id: string): { number: number; site: number } {
    const row = sql('SELECT number, site FROM deploy WHERE id = ? AND created > 0').get(id);
    if (row === undefined) throw new SkerryError('no-such-deploy', `there is no deploy ${id}`);
    return { number: Number(row.number), site: Number(row.site) };
  }

  /** The open deploys of a site, the oldest first. */
  function openDeploys(site: number): { number: number; created: number }[] {
    const rows = sql(
      'SELECT number, created FROM deploy WHERE site = ? AND result IS NULL AND created > 0 ORDER BY number',
    ).all(site);
    return rows.map(({ number, created }) => ({ number: Number(number), created: Number(created) }));
  }

  const nextCursor = (rows: readonly Record<string, unknown>[]): DeployCursor | undefined => {
    const last = rows.length === PAGE ? rows.at(-1) : undefined;
    return last && { leaf: Number(last.leaf), path: String(last.path) };
  };

  return {
    createDeploy(id, site, time) {
      transaction(database, () => {
        const givenUp = deployToGiveUp(openDeploys(site), time);
        if (givenUp !== undefined) sql(`${GIVE_UP} (?)`).run(givenUp.number);
        sql('INSERT INTO deploy (id, site, created) VALUES (?, ?, ?)').run(id, site, time);
      });
    },

    completeDeploy(id, base, expect) {
      sql('UPDATE deploy SET base = ?, expect = ? WHERE id = ?').run(base, expect, id);
    },

    addDeployFiles(id, files) {
      const { number } = place(id);
      relaxed(database, () => {
        const row = sql('UPDATE deploy SET files = files + ? WHERE number = ? RETURNING files').get(
          files.length,
          number,
        );
        if (Number(row?.files) > MOST_FILES)
          throw new SkerryError('too-large', `a deploy has at most ${MOST_FILES} files`);
        for (const { path, digest, size, type, meta } of files) {
          const { changes } = sql(
            `INSERT OR IGNORE INTO deploy_file (deploy, leaf, path, digest, size, type, meta)
             VALUES (?, ?, ?, ?, ?, ?, ?)`,
          ).run(
            number,
            leafOf(path),
            path,
            digest === null ? null : digestBytes(digest),
            size,
            type,
            metaText(meta),
          );
          if (changes === 0) throw new SkerryError('duplicate-path', `the path ${path} is named twice`);
        }
      });
    },

    dropDeploy(id) {
      const { number } = place(id);
      sql(`${GIVE_UP} (?)`).run(number);
    },

    deploy(id) {
      const row = sql(
        'SELECT d.*, s.name FROM deploy d JOIN site s ON s.id = d.site AND s.deleted = 0 WHERE d.id = ? AND d.created > 0',
      ).get(id);
      if (row === undefined) throw new SkerryError('no-such-deploy', `there is no deploy ${id}`);
      return {
        id,
        site: Number(row.site),
        siteName: String(row.name),
        base: row.base as number | null,
        expect: row.expect as number | null,
        result: row.result === null ? null : (JSON.parse(String(row.result)) as Commit),
      };
    },

    missingObjects(id, after) {
      const { number, site } = place(id);
      const from = { number, leaf: after?.leaf ?? -1, path: after?.path ?? '' };
      const page =
        'FROM deploy_file WHERE deploy = :number AND (leaf, path) > (:leaf, :path) ORDER BY leaf, path';
      // Nearly all files are as they should be, and only the others are worth a row.
      const rows = sql(
        `SELECT f.path, f.digest, f.size AS declared, o.size FROM (SELECT * ${page} LIMIT ${PAGE}) f ${UPLOADED}
         WHERE f.digest IS NOT NULL AND o.size IS NOT f.size ORDER BY f.leaf, f.path`,
      ).all({ ...from, site });
      const missing = rows.flatMap(({ digest, size }) =>
        size === null ? digestFromBytes(digest as Uint8Array) : [],
      );
      const wrong = rows.find(({ size }) => size !== null);
      const next = sql(`SELECT leaf, path ${page} LIMIT 1 OFFSET ${PAGE - 1}`).get(from);
      return {
        missing: [...new Set(missing)],
        mismatch: wrong && {
          path: String(wrong.path),
          declared: Number(wrong.declared),
          size: Number(wrong.size),
        },
        next: next && { leaf: Number(next.leaf), path: String(next.path) },
      };
    },

    deployConflicts(id, base, tip, after) {
      const { number, site } = place(id);
      const entry = (alias: string, revision: string) =>
        `LEFT JOIN entry ${alias} ON ${alias}.site = :site AND ${alias}.leaf = f.leaf AND ${alias}.path = f.path
           AND ${alias}.from_rev <= ${revision} AND ${alias}.to_rev > ${revision}`;
      const rows = sql(
        `SELECT f.leaf, f.path, f.digest, f.size, f.type, f.meta, NULL AS chunks, b.hash IS NOT n.hash AS is_moved
         FROM (SELECT * FROM deploy_file WHERE deploy = :number AND (leaf, path) > (:leaf, :path)
               ORDER BY leaf, path LIMIT ${PAGE}) f
         ${entry('b', ':base')} ${entry('n', ':tip')} ORDER BY f.leaf, f.path`,
      ).all({ number, site, base, tip, leaf: after?.leaf ?? -1, path: after?.path ?? '' });
      const paths = rows
        .filter(({ is_moved }) => is_moved === 1)
        .map(toWanted)
        .filter((wanted) => changeTo(wanted, manifests.entryAt(site, tip, wanted.path), 0) !== undefined)
        .map(({ path }) => path);
      return { paths, next: nextCursor(rows) };
    },

    keyedDeploy(token, key, time) {
      const row = sql(
        'SELECT id, print FROM deploy WHERE key_token = ? AND key = ? AND created > ? AND created > 0',
      ).get(token, key, time - KEPT_KEYS.ms);
      return row === undefined ? undefined : { id: String(row.id), print: String(row.print) };
    },

    keyDeploy(id, { token, key, print }) {
      const { number } = place(id);
      transaction(database, () => {
        sql('UPDATE deploy SET key = NULL WHERE key_token = ? AND key = ?').run(token, key);
        sql('UPDATE deploy SET key_token = ?, key = ?, print = ? WHERE number = ?').run(
          token,
          key,
          print,
          number,
        );
        sql(
          `UPDATE deploy SET key = NULL WHERE number IN
             (SELECT number FROM deploy WHERE key_token = ? AND key IS NOT NULL ORDER BY number DESC LIMIT -1 OFFSET ?)`,
        ).run(token, KEPT_KEYS.most);
      });
    },

    deployedBeyond(id, folders) {
      const { number } = place(id);
      const row = sql(
        `SELECT f.path FROM deploy_file f WHERE f.deploy = ? AND NOT EXISTS
           (SELECT 1 FROM json_each(?) folder WHERE substr(f.path, 1, length(folder.value)) = folder.value) LIMIT 1`,
      ).get(number, JSON.stringify(folders));
      return row === undefined ? undefined : String(row.path);
    },

    stageDeploy(id, revision, time, after) {
      const { number, site } = place(id);
      const rows = sql(
        `SELECT f.leaf, f.path, f.digest, f.size, f.type, f.meta, o.chunks,
           f.digest IS NOT NULL AND o.size IS NOT f.size AS is_missing,
           e.digest AS old_digest, e.type AS old_type, e.meta AS old_meta, e.time AS old_time
         FROM deploy_file f ${UPLOADED}
         LEFT JOIN entry e ON e.site = :site AND e.leaf = f.leaf AND e.path = f.path AND e.to_rev = ${OPEN}
         WHERE f.deploy = :number AND (f.leaf, f.path) > (:leaf, :path) ORDER BY f.leaf, f.path LIMIT ${PAGE}`,
      ).all({ site, number, leaf: after?.leaf ?? -1, path: after?.path ?? '' });
      if (rows.some(({ is_missing }) => is_missing === 1))
        throw new SkerryError('objects-missing', 'objects of this deploy have not been uploaded');
      const changes = rows.flatMap((row) => changeTo(toWanted(row), stagedEntry(row), time) ?? []);
      staging.stage(site, revision, changes);
      return nextCursor(rows);
    },

    stageAbsent(id, revision, after) {
      const { number, site } = place(id);
      const rows = sql(
        `SELECT e.leaf, e.path FROM entry e WHERE e.site = ? AND (e.leaf, e.path) > (?, ?) AND e.to_rev = ${OPEN}
         AND NOT EXISTS (SELECT 1 FROM deploy_file f WHERE f.deploy = ? AND f.leaf = e.leaf AND f.path = e.path)
         ORDER BY e.leaf, e.path LIMIT ${PAGE}`,
      ).all(site, after?.leaf ?? -1, after?.path ?? '', number);
      staging.stage(
        site,
        revision,
        rows.map((row) => ({ kind: 'delete', path: row.path as ContentPath })),
      );
      return nextCursor(rows);
    },

    finishDeploy(id, result) {
      transaction(database, () => {
        sql('UPDATE deploy SET result = ? WHERE id = ?').run(JSON.stringify(result), id);
        noteHeldDone(sql, id);
      });
    },
  };
}

function toWanted(row: Row): WantedFile {
  const path = row.path as ContentPath;
  const details = { type: row.type as string | null, meta: metaOf(row.meta as string) };
  if (row.digest === null) return { path, object: null, ...details };
  const chunks = row.chunks === null ? null : digestFromBytes(row.chunks as Uint8Array);
  return {
    path,
    object: { digest: digestFromBytes(row.digest as Uint8Array), size: Number(row.size), chunks },
    ...details,
  };
}

/** What the entry of the same path has in the staged state. */
function stagedEntry(row: Row): CurrentEntry | undefined {
  if (row.old_digest === null) return undefined;
  return {
    digest: digestFromBytes(row.old_digest as Uint8Array),
    type: row.old_type as string,
    meta: metaOf(row.old_meta as string),
    time: row.old_time as number,
  };
}
