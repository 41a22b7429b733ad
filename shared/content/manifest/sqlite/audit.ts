import type { DatabaseSync } from 'node:sqlite';
import { relaxed, statements } from '../../../sqlite/open.ts';
import { leafDigest, leafOf, leavesOf, nodeDigest } from '../../buckets.ts';
import { type Entry, entryHash } from '../../entry.ts';
import type { Audit } from '../audit.ts';
import { LEAVES, NODES, OPEN } from '../ranges.ts';
import { ENTRY_COLUMNS, insertEntry, toEntry } from './rows.ts';

interface Bucket {
  readonly level: number;
  readonly number: number;
  readonly digest: Buffer;
}

export function openAudit(database: DatabaseSync): Audit {
  const sql = statements(database);
  const VALID = 'from_rev <= :revision AND to_rev > :revision';

  function computed(site: number, revision: number, node: number) {
    const rows = sql(
      `SELECT e.id, e.leaf, e.hash, ${ENTRY_COLUMNS} FROM entry e
       WHERE site = :site AND leaf BETWEEN :first AND :last AND ${VALID} ORDER BY leaf, path`,
    ).all({ site, revision, ...leavesOf(node) });
    const hashes = rows.map((row) => ({
      id: row.id as number,
      leaf: row.leaf as number,
      hash: entryHash(toEntry(row)),
      stored: row.hash as Uint8Array,
    }));
    const buckets: Bucket[] = [...Map.groupBy(hashes, ({ leaf }) => leaf)].map(([number, entries]) => ({
      level: LEAVES,
      number,
      digest: leafDigest(entries.map(({ hash }) => hash)) ?? Buffer.alloc(0),
    }));
    const digest = nodeDigest(buckets.map((leaf) => ({ id: leaf.number, digest: leaf.digest })));
    if (digest !== null) buckets.push({ level: NODES, number: node, digest });
    return { digest, hashes: hashes.filter(({ hash, stored }) => !hash.equals(stored)), buckets };
  }

  function storedBuckets(site: number, revision: number, node: number) {
    const { first, last } = leavesOf(node);
    return [
      { level: LEAVES, first, last },
      { level: NODES, first: node, last: node },
    ].flatMap((range) =>
      sql(
        `SELECT level, number, from_rev, digest FROM bucket
         WHERE site = :site AND level = :level AND number BETWEEN :first AND :last AND ${VALID}`,
      )
        .all({ site, revision, ...range })
        .map((row) => ({
          level: row.level as number,
          number: row.number as number,
          digest: row.digest as Uint8Array,
        })),
    );
  }

  /** Takes one revision out of the range of an entry. */
  function cutEntry(id: number, revision: number): void {
    sql(
      `INSERT OR IGNORE INTO entry (site, leaf, path, from_rev, to_rev, digest, size, chunks, type, meta, time, hash)
       SELECT site, leaf, path, :next, to_rev, digest, size, chunks, type, meta, time, hash
       FROM entry WHERE id = :id AND to_rev > :next`,
    ).run({ id, next: revision + 1 });
    sql('UPDATE entry SET to_rev = :revision WHERE id = :id AND from_rev < :revision').run({ id, revision });
    sql('DELETE FROM entry WHERE id = :id AND from_rev = :revision').run({ id, revision });
  }

  /** Takes one revision out of the range of a digest. */
  function cutBucket(site: number, level: number, number: number, revision: number): void {
    const at = { site, level, number };
    const bucket = 'site = :site AND level = :level AND number = :number';
    sql(
      `INSERT OR IGNORE INTO bucket (site, level, number, from_rev, to_rev, digest)
       SELECT site, level, number, :next, to_rev, digest
       FROM bucket WHERE ${bucket} AND from_rev < :next AND to_rev > :next`,
    ).run({ ...at, next: revision + 1 });
    sql(`DELETE FROM bucket WHERE ${bucket} AND from_rev = :revision`).run({ ...at, revision });
    sql(`UPDATE bucket SET to_rev = :revision WHERE ${bucket} AND ${VALID}`).run({ ...at, revision });
  }

  /** Replaces the entries of a node that are not these. */
  function replaceEntries(site: number, revision: number, node: number, entries: readonly Entry[]): void {
    const missing = new Map<string, Entry>(entries.map((entry) => [entry.path, entry]));
    const rows = sql(
      `SELECT e.id, e.leaf, ${ENTRY_COLUMNS} FROM entry e
       WHERE site = :site AND leaf BETWEEN :first AND :last AND ${VALID}`,
    ).all({ site, revision, ...leavesOf(node) });
    for (const row of rows) {
      const own = toEntry(row);
      const right = missing.get(own.path);
      const isRight = right !== undefined && entryHash(right).equals(entryHash(own));
      if (isRight && row.leaf === leafOf(own.path)) missing.delete(own.path);
      else cutEntry(row.id as number, revision);
    }
    for (const entry of missing.values())
      insertEntry(sql, site, leafOf(entry.path), { from: revision, to: revision + 1 }, entry);
  }

  const keyOf = ({ level, number, digest }: { level: number; number: number; digest: Uint8Array }) =>
    `${level} ${number} ${Buffer.from(digest).toString('hex')}`;

  return {
    auditNode(site, revision, node) {
      const { digest, hashes, buckets } = computed(site, revision, node);
      const stored = new Set(storedBuckets(site, revision, node).map(keyOf));
      const isStored =
        hashes.length === 0 &&
        stored.size === buckets.length &&
        buckets.every((bucket) => stored.has(keyOf(bucket)));
      return { digest, isStored };
    },

    mendNode(site, revision, node, entries) {
      relaxed(database, () => {
        replaceEntries(site, revision, node, entries);
        const { hashes, buckets } = computed(site, revision, node);
        for (const { id, hash } of hashes) sql('UPDATE entry SET hash = ? WHERE id = ?').run(hash, id);
        const right = new Set(buckets.map(keyOf));
        const stored = storedBuckets(site, revision, node);
        for (const bucket of stored.filter((bucket) => !right.has(keyOf(bucket))))
          cutBucket(site, bucket.level, bucket.number, revision);
        const kept = new Set(stored.map(keyOf));
        for (const { level, number, digest } of buckets.filter((bucket) => !kept.has(keyOf(bucket))))
          sql(
            'INSERT INTO bucket (site, level, number, from_rev, to_rev, digest) VALUES (?, ?, ?, ?, ?, ?)',
          ).run(...[site, level, number, revision, revision + 1, digest]);
      });
    },

    remakeNode(site, revision, node) {
      relaxed(database, () => {
        const { hashes, buckets } = computed(site, revision, node);
        for (const { id, hash } of hashes) sql('UPDATE entry SET hash = ? WHERE id = ?').run(hash, id);
        const right = new Set(buckets.map(keyOf));
        const stored = storedBuckets(site, revision, node);
        for (const bucket of stored.filter((bucket) => !right.has(keyOf(bucket)))) {
          const { level, number } = bucket;
          sql(
            'DELETE FROM bucket WHERE site = :site AND level = :level AND number = :number AND from_rev = :revision',
          ).run({ site, level, number, revision });
          sql(
            `UPDATE bucket SET to_rev = :revision
             WHERE site = :site AND level = :level AND number = :number AND ${VALID}`,
          ).run({ site, level, number, revision });
        }
        const kept = new Set(stored.map(keyOf));
        for (const { level, number, digest } of buckets.filter((bucket) => !kept.has(keyOf(bucket)))) {
          sql(
            `INSERT OR REPLACE INTO bucket (site, level, number, from_rev, to_rev, digest)
             VALUES (?, ?, ?, ?, ${OPEN}, ?)`,
          ).run(site, level, number, revision, digest);
        }
      });
    },
  };
}
