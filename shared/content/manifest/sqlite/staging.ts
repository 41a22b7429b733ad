import type { DatabaseSync } from 'node:sqlite';
import { relaxed, statements } from '../../../sqlite/open.ts';
import { leafDigest, leafOf, nodeDigest, nodeOf, rootDigest } from '../../buckets.ts';
import { type Digest, digestFromBytes } from '../../digest.ts';
import { LEAVES, NODES, OPEN } from '../ranges.ts';
import type { Staging } from '../staging.ts';
import { insertEntry, toEntry } from './rows.ts';

/** `note` is called within the transaction with the objects and chunk lists that the removed entries named. */
export function openStaging(
  database: DatabaseSync,
  note: (digests: readonly Digest[]) => void = () => {},
): Staging {
  const sql = statements(database);
  /** The changed leaves, kept between the pages of a sealing. Finding them reads a row for each change. */
  let sealing: { readonly site: number; readonly revision: number; readonly leaves: number[] } | undefined;

  function putBucket(
    site: number,
    level: number,
    number: number,
    revision: number,
    digest: Uint8Array | null,
  ) {
    sql(
      `UPDATE bucket SET to_rev = ?
       WHERE site = ? AND level = ? AND number = ? AND from_rev < ? AND to_rev = ${OPEN}`,
    ).run(revision, site, level, number, revision);
    // What this revision had here before is replaced.
    if (digest === null)
      sql('DELETE FROM bucket WHERE site = ? AND level = ? AND number = ? AND from_rev = ?').run(
        site,
        level,
        number,
        revision,
      );
    else
      sql(
        `INSERT OR REPLACE INTO bucket (site, level, number, from_rev, to_rev, digest) VALUES (?, ?, ?, ?, ${OPEN}, ?)`,
      ).run(site, level, number, revision, digest);
  }

  function sealLeaf(site: number, revision: number, leaf: number): void {
    const hashes = sql(
      `SELECT hash FROM entry WHERE site = ? AND leaf = ? AND to_rev = ${OPEN} ORDER BY path`,
    ).all(site, leaf);
    putBucket(site, LEAVES, leaf, revision, leafDigest(hashes.map((row) => row.hash as Uint8Array)));
  }

  /**
   * The values of a column in the rows that begin or end with a revision, each once, in ascending order. It takes two
   * queries with named indexes, because SQLite prefers a scan of the whole site along an index that contains the
   * column.
   */
  function touched(
    table: 'entry' | 'bucket',
    column: 'leaf' | 'number',
    site: number,
    revision: number,
    level = LEAVES,
  ) {
    const isLeaf = table === 'bucket' ? `AND level = ${level}` : '';
    const begun = sql(
      `SELECT ${column} AS n FROM ${table} INDEXED BY ${table}_from WHERE site = ? AND from_rev = ? ${isLeaf}`,
    );
    const ended = sql(
      `SELECT ${column} AS n FROM ${table} INDEXED BY ${table}_to
       WHERE site = ? AND to_rev = ? AND to_rev < ${OPEN} ${isLeaf}`,
    );
    const numbers = new Set<number>();
    for (const query of [begun, ended])
      for (const row of query.iterate(site, revision)) numbers.add(row.n as number);
    return [...numbers].sort((a, b) => a - b);
  }

  const changedLeaves = (site: number, revision: number) => touched('entry', 'leaf', site, revision);

  /**
   * A leaf that the staged revision both created and emptied leaves no row, but the node that was sealed over it does.
   */
  const sealedNodes = (site: number, revision: number) => [
    ...new Set([
      ...touched('bucket', 'number', site, revision).map(nodeOf),
      ...touched('bucket', 'number', site, revision, NODES),
    ]),
  ];

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
      sealing = undefined;
      relaxed(database, () => {
        const isFirst =
          sql('SELECT 1 FROM entry WHERE site = ? AND from_rev < ? LIMIT 1').get(site, revision) ===
          undefined;
        for (const change of changes) {
          const path = change.kind === 'put' ? change.entry.path : change.path;
          const leaf = leafOf(path);
          if (!isFirst)
            sql(
              `UPDATE entry SET to_rev = ?
               WHERE site = ? AND leaf = ? AND path = ? AND from_rev < ? AND to_rev = ${OPEN}`,
            ).run(revision, site, leaf, path, revision);
          if (change.kind === 'put') insertEntry(sql, site, leaf, { from: revision, to: OPEN }, change.entry);
          else
            sql('DELETE FROM entry WHERE site = ? AND leaf = ? AND path = ? AND from_rev = ?').run(
              site,
              leaf,
              path,
              revision,
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
      if (after < 0 || sealing?.site !== site || sealing.revision !== revision)
        sealing = { site, revision, leaves: changedLeaves(site, revision) };
      const leaves = sealing.leaves.filter((leaf) => leaf > after).slice(0, limit);
      relaxed(database, () => {
        for (const leaf of leaves) sealLeaf(site, revision, leaf);
      });
      if (leaves.length === limit) return leaves.at(-1);
      sealing = undefined;
      return undefined;
    },

    resealLeaves(site, revision, leaves) {
      relaxed(database, () => {
        for (const leaf of leaves) sealLeaf(site, revision, leaf);
      });
    },

    sealRoot(site, revision) {
      return relaxed(database, () => {
        for (const node of sealedNodes(site, revision)) {
          const leaves = openBuckets(site, LEAVES, node * 256, node * 256 + 255);
          putBucket(site, NODES, node, revision, nodeDigest(leaves));
        }
        return rootDigest(openBuckets(site, NODES, 0, 255));
      });
    },

    unstage(site, revision, limit) {
      sealing = undefined;
      return relaxed(database, () => {
        const entries = sql(
          `DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE site = ? AND from_rev = ? LIMIT ?)
           RETURNING digest, chunks`,
        ).all(site, revision, limit);
        note(
          entries
            .flatMap(({ digest, chunks }) => (chunks === null ? [digest] : [digest, chunks]))
            .map((bytes) => digestFromBytes(bytes as Uint8Array)),
        );
        const { changes } = sql(
          `DELETE FROM bucket WHERE (site, level, number, from_rev) IN
           (SELECT site, level, number, from_rev FROM bucket WHERE site = ? AND from_rev = ? LIMIT ?)`,
        ).run(site, revision, limit);
        const reopened = ['entry', 'bucket'].map((table) => {
          const key = table === 'entry' ? 'id' : 'site, level, number, from_rev';
          return sql(
            `UPDATE ${table} SET to_rev = ${OPEN} WHERE (${key}) IN
             (SELECT ${key} FROM ${table} WHERE site = ? AND to_rev = ? AND to_rev < ${OPEN} LIMIT ?)`,
          ).run(site, revision, limit).changes;
        });
        return [entries.length, changes, ...reopened].some((touched) => Number(touched) > 0);
      });
    },
  };
}
