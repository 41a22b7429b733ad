import type { DatabaseSync } from 'node:sqlite';
import { statements } from '../../../sqlite/open.ts';
import { leavesOf } from '../../buckets.ts';
import type { Bucket, BucketReader } from '../buckets.ts';
import { LEAVES, NODES } from '../ranges.ts';
import { ENTRY_COLUMNS, toEntry } from './rows.ts';

export function openBucketReader(database: DatabaseSync): BucketReader {
  const sql = statements(database);

  function bucketsAt(site: number, revision: number, level: number, first: number, last: number): Bucket[] {
    return sql(
      `SELECT number, digest FROM bucket WHERE site = :site AND level = :level
       AND number BETWEEN :first AND :last AND from_rev <= :revision AND to_rev > :revision ORDER BY number`,
    )
      .all({ site, level, first, last, revision })
      .map((row) => ({ number: row.number as number, digest: row.digest as Uint8Array }));
  }

  return {
    nodesAt: (site, revision) => bucketsAt(site, revision, NODES, 0, 255),
    leavesAt: (site, revision, nodes) =>
      [...nodes]
        .sort((a, b) => a - b)
        .flatMap((node) => {
          const { first, last } = leavesOf(node);
          return bucketsAt(site, revision, LEAVES, first, last);
        }),
    leafEntries: (site, revision, leaf) =>
      sql(
        `SELECT ${ENTRY_COLUMNS} FROM entry e WHERE site = :site AND leaf = :leaf
         AND from_rev <= :revision AND to_rev > :revision ORDER BY path`,
      )
        .all({ site, leaf, revision })
        .map(toEntry),
  };
}
