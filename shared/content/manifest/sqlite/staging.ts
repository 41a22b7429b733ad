import type { DatabaseSync } from 'node:sqlite';
import { relaxed, statements } from '../../../sqlite/open.ts';
import { leafDigest, leafOf, leavesOf, nodeDigest, rootDigest } from '../../buckets.ts';
import { type Digest, digestFromBytes } from '../../digest.ts';
import { LEAVES, NODES, OPEN } from '../ranges.ts';
import type { Staging } from '../staging.ts';
import { insertEntry, toEntry } from './rows.ts';

/** Changed leaves are read with those between them, unless the others are this many times as many. */
const MOST_READ_FOR_ONE = 4;

/** `note` is called within the transaction with the objects and chunk lists that the removed entries named. */
export function openStaging(
  database: DatabaseSync,
  note: (digests: readonly Digest[]) => void = () => {},
): Staging {
  const sql = statements(database);
  /** The changed leaves, kept between the pages of a sealing. Finding them reads a row for each change. */
  let sealing: { readonly site: number; readonly revision: number; readonly leaves: number[] } | undefined;

  /** Whether nothing of an earlier revision has to end. */
  const isFirst = (table: 'entry' | 'bucket', site: number, revision: number) =>
    sql(`SELECT 1 FROM ${table} WHERE site = ? AND from_rev < ? LIMIT 1`).get(site, revision) === undefined;

  /** Stores the digests of buckets of one level. */
  function bucketWriter(site: number, level: number, revision: number) {
    const isAlone = isFirst('bucket', site, revision);
    const end = sql(
      `UPDATE bucket SET to_rev = ?
       WHERE site = ? AND level = ? AND number = ? AND from_rev < ? AND to_rev = ${OPEN}`,
    );
    const remove = sql('DELETE FROM bucket WHERE site = ? AND level = ? AND number = ? AND from_rev = ?');
    const put = sql(
      `INSERT OR REPLACE INTO bucket (site, level, number, from_rev, to_rev, digest) VALUES (?, ?, ?, ?, ${OPEN}, ?)`,
    );
    return (number: number, digest: Uint8Array | null) => {
      if (!isAlone) end.run(revision, site, level, number, revision);
      // What this revision had here before is replaced.
      if (digest === null) remove.run(site, level, number, revision);
      else put.run(site, level, number, revision, digest);
    };
  }

  /** The hashes of the entries of these leaves, which are in ascending order. */
  function* hashesOf(
    site: number,
    leaves: readonly number[],
  ): Generator<{ readonly leaf: number; readonly hashes: readonly Uint8Array[] }> {
    const [first = 0] = leaves;
    const last = leaves.at(-1) ?? 0;
    const read = (range: string) =>
      sql(
        `SELECT leaf, hash FROM entry WHERE site = ? AND leaf ${range} AND to_rev = ${OPEN} ORDER BY leaf, path`,
      );
    if (leaves.length * MOST_READ_FOR_ONE < last - first) {
      const one = read('= ?');
      for (const leaf of leaves)
        yield { leaf, hashes: one.all(site, leaf).map(({ hash }) => hash as Uint8Array) };
      return;
    }
    const rows = read('BETWEEN ? AND ?').iterate(site, first, last);
    let row = rows.next();
    for (const leaf of leaves) {
      while (!row.done && Number(row.value.leaf) < leaf) row = rows.next();
      const hashes: Uint8Array[] = [];
      for (; !row.done && row.value.leaf === leaf; row = rows.next())
        hashes.push(row.value.hash as Uint8Array);
      yield { leaf, hashes };
    }
  }

  function seal(site: number, revision: number, leaves: readonly number[]): void {
    const put = bucketWriter(site, LEAVES, revision);
    for (const { leaf, hashes } of hashesOf(site, leaves)) put(leaf, leafDigest(hashes));
  }

  /**
   * The values of an expression in the rows that begin or end with a revision, each once, in ascending order. The
   * indexes are named, because SQLite prefers a scan of the whole site along an index that contains the column.
   */
  function touched(
    table: 'entry' | 'bucket',
    value: 'leaf' | 'number' | 'number / 256',
    site: number,
    revision: number,
    level = LEAVES,
  ): number[] {
    const ofLevel = table === 'bucket' ? `AND level = ${level}` : '';
    return sql(
      `SELECT ${value} AS n FROM ${table} INDEXED BY ${table}_from
         WHERE site = :site AND from_rev = :revision ${ofLevel}
       UNION SELECT ${value} AS n FROM ${table} INDEXED BY ${table}_to
         WHERE site = :site AND to_rev = :revision AND to_rev < ${OPEN} ${ofLevel}
       ORDER BY n`,
    )
      .all({ site, revision })
      .map(({ n }) => n as number);
  }

  /**
   * A leaf that the staged revision both created and emptied leaves no row, but the node that was sealed over it does.
   */
  const sealedNodes = (site: number, revision: number) => [
    ...new Set([
      ...touched('bucket', 'number / 256', site, revision),
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
        const isAlone = isFirst('entry', site, revision);
        for (const change of changes) {
          const path = change.kind === 'put' ? change.entry.path : change.path;
          const leaf = leafOf(path);
          if (!isAlone)
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
        sealing = { site, revision, leaves: touched('entry', 'leaf', site, revision) };
      const leaves = sealing.leaves.filter((leaf) => leaf > after).slice(0, limit);
      relaxed(database, () => seal(site, revision, leaves));
      if (leaves.length === limit) return leaves.at(-1);
      sealing = undefined;
      return undefined;
    },

    resealLeaves(site, revision, leaves) {
      const inOrder = [...new Set(leaves)].sort((a, b) => a - b);
      relaxed(database, () => seal(site, revision, inOrder));
    },

    sealRoot(site, revision) {
      return relaxed(database, () => {
        const put = bucketWriter(site, NODES, revision);
        for (const node of sealedNodes(site, revision)) {
          const { first, last } = leavesOf(node);
          put(node, nodeDigest(openBuckets(site, LEAVES, first, last)));
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
