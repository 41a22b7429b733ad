import type { DatabaseSync } from 'node:sqlite';
import { leafDigest, leafOf, nodeDigest, nodeOf, rootDigest } from '../buckets.ts';
import type { ContentPath } from '../content-path.ts';
import type { Change } from '../diff.ts';
import { type Digest, digestBytes } from '../digest.ts';
import { type Entry, entryHash } from '../entry.ts';
import { statements, transaction } from '../sqlite/open.ts';
import { toEntry } from './rows.ts';
import { OPEN } from './schema.ts';

/**
 * Writes the state of a coming revision beside the states that are served. Its number is above every one that
 * was revealed, so rows that begin or end there are invisible to readers of the others, and after a crash
 * `unstage` takes them back. Each call is one short transaction; what reveals a revision is its owner's row.
 */
export interface Staging {
  /** Applies changes on top of what is staged so far; a later change of a path replaces an earlier one. */
  stage(site: number, revision: number, changes: readonly Change[]): void;
  /** The newest entry of a path as staged so far. */
  staged(site: number, path: ContentPath): Entry | undefined;
  /** Digests of up to `limit` changed leaves after leaf `after` (-1 to begin); undefined when none is left. */
  sealLeaves(site: number, revision: number, after: number, limit: number): number | undefined;
  /** Digests of the changed nodes, and the root over all. Leaves must be sealed. */
  sealRoot(site: number, revision: number): Digest;
  /** Takes back up to `limit` rows of an unrevealed revision; false when none is left. */
  unstage(site: number, revision: number, limit: number): boolean;
}

const LEAVES = 1;
const NODES = 0;

export function openStaging(database: DatabaseSync): Staging {
  const sql = statements(database);

  function putBucket(
    site: number,
    level: number,
    number: number,
    revision: number,
    digest: Uint8Array | null,
  ) {
    sql('DELETE FROM bucket WHERE site = ? AND level = ? AND number = ? AND from_rev = ?').run(
      site,
      level,
      number,
      revision,
    );
    sql(`UPDATE bucket SET to_rev = ? WHERE site = ? AND level = ? AND number = ? AND to_rev = ${OPEN}`).run(
      revision,
      site,
      level,
      number,
    );
    if (digest === null) return;
    sql(
      `INSERT INTO bucket (site, level, number, from_rev, to_rev, digest) VALUES (?, ?, ?, ?, ${OPEN}, ?)`,
    ).run(site, level, number, revision, digest);
  }

  function changedLeaves(site: number, revision: number): number[] {
    return sql(
      `SELECT leaf FROM entry WHERE site = :site AND from_rev = :rev
       UNION SELECT leaf FROM entry WHERE site = :site AND to_rev = :rev AND to_rev < ${OPEN}
       ORDER BY leaf`,
    )
      .all({ site, rev: revision })
      .map((row) => row.leaf as number);
  }

  function openBuckets(site: number, level: number, first: number, last: number) {
    return sql(
      `SELECT number AS id, digest FROM bucket
       WHERE site = ? AND level = ? AND number BETWEEN ? AND ? AND to_rev = ${OPEN} ORDER BY number`,
    )
      .all(site, level, first, last)
      .map((row) => ({ id: row.id as number, digest: row.digest as Uint8Array }));
  }

  return {
    stage(site, revision, changes) {
      transaction(database, () => {
        const keyed = changes.map((change) => {
          const path = change.kind === 'put' ? change.entry.path : change.path;
          return { change, path, leaf: leafOf(path) };
        });
        for (const { change, path, leaf } of keyed) {
          sql('DELETE FROM entry WHERE site = ? AND leaf = ? AND path = ? AND from_rev = ?').run(
            site,
            leaf,
            path,
            revision,
          );
          sql(
            `UPDATE entry SET to_rev = ? WHERE site = ? AND leaf = ? AND path = ? AND to_rev = ${OPEN}`,
          ).run(revision, site, leaf, path);
          if (change.kind === 'delete') continue;
          const { entry } = change;
          sql(
            `INSERT INTO entry (site, leaf, path, from_rev, to_rev, digest, size, chunks, type, meta, time, hash)
             VALUES (?, ?, ?, ?, ${OPEN}, ?, ?, ?, ?, ?, ?, ?)`,
          ).run(
            site,
            leaf,
            path,
            revision,
            digestBytes(entry.digest),
            entry.size,
            entry.chunks === null ? null : digestBytes(entry.chunks),
            entry.type,
            JSON.stringify(entry.meta),
            entry.time,
            entryHash(entry),
          );
        }
      });
    },

    staged(site, path) {
      const row = sql(
        `SELECT * FROM entry WHERE site = ? AND leaf = ? AND path = ? AND to_rev = ${OPEN}`,
      ).get(site, leafOf(path), path);
      return row === undefined ? undefined : toEntry(row);
    },

    sealLeaves(site, revision, after, limit) {
      const leaves = changedLeaves(site, revision)
        .filter((leaf) => leaf > after)
        .slice(0, limit);
      transaction(database, () => {
        for (const leaf of leaves) {
          const hashes = sql(
            `SELECT hash FROM entry WHERE site = ? AND leaf = ? AND to_rev = ${OPEN} ORDER BY path`,
          ).all(site, leaf);
          putBucket(site, LEAVES, leaf, revision, leafDigest(hashes.map((row) => row.hash as Uint8Array)));
        }
      });
      return leaves.length < limit ? undefined : leaves.at(-1);
    },

    sealRoot(site, revision) {
      return transaction(database, () => {
        for (const node of new Set(changedLeaves(site, revision).map(nodeOf))) {
          const leaves = openBuckets(site, LEAVES, node * 256, node * 256 + 255);
          putBucket(site, NODES, node, revision, nodeDigest(leaves));
        }
        return rootDigest(openBuckets(site, NODES, 0, 255));
      });
    },

    unstage(site, revision, limit) {
      return transaction(database, () => {
        let touched = 0;
        for (const table of ['entry', 'bucket'] as const) {
          const key = table === 'entry' ? 'id' : '(site, level, number, from_rev)';
          const columns = table === 'entry' ? 'id' : 'site, level, number, from_rev';
          touched += Number(
            sql(
              `DELETE FROM ${table} WHERE ${key} IN
               (SELECT ${columns} FROM ${table} WHERE site = ? AND from_rev = ? LIMIT ?)`,
            ).run(site, revision, limit).changes,
          );
          touched += Number(
            sql(
              `UPDATE ${table} SET to_rev = ${OPEN} WHERE ${key} IN
               (SELECT ${columns} FROM ${table} WHERE site = ? AND to_rev = ? AND to_rev < ${OPEN} LIMIT ?)`,
            ).run(site, revision, limit).changes,
          );
        }
        return touched > 0;
      });
    },
  };
}
