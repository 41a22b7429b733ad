import type { DatabaseSync } from 'node:sqlite';
import { statements, transaction } from '../../../sqlite/open.ts';
import { type Digest, digestFromBytes } from '../../digest.ts';
import type { Pruning, Reclaimed, Retained } from '../pruning.ts';
import { OPEN } from '../ranges.ts';

/**
 * The indexes that pruning needs besides the manifest's tables. They find entries by both ends of their range without
 * reading the rows that stay. `<>` means the same here as the `<` in the index entry_to, and it keeps the two indexes
 * apart: SQLite uses a partial index only for its own condition, and if it could choose between the two, it would plan
 * the other queries worse.
 */
export const pruningIndexes = `
  CREATE INDEX entry_ended ON entry (site, to_rev, from_rev) WHERE to_rev <> ${OPEN};
  CREATE INDEX entry_digest ON entry (digest);
  CREATE INDEX entry_chunks ON entry (chunks) WHERE chunks IS NOT NULL;
`;

/** The ids of the entries that would be deleted, according to the last forecast of the same database. */
export const DOOMED = 'temp.doomed';

/** Rows of one site that are valid in no kept revision. */
interface Dead {
  readonly entries: string;
  readonly buckets: string;
  readonly values: Readonly<Record<string, number>>;
}

/**
 * The condition for dead rows between two neighbouring kept revisions: they begin after the first and end by the
 * second.
 */
const BETWEEN = 'site = :site AND to_rev > :after AND to_rev <= :until AND from_rev > :after';

function deadRows({ site, keep }: Retained): Dead[] {
  if (keep.length === 0) return [{ entries: 'site = :site', buckets: 'site = :site', values: { site } }];
  const kept = [...new Set([0, ...keep])].sort((a, b) => a - b);
  return kept.slice(1).flatMap((until, i): Dead[] => {
    const after = kept[i] ?? 0;
    if (until - after < 2) return [];
    const values = { site, after, until };
    return [
      { entries: `${BETWEEN} AND to_rev <> ${OPEN}`, buckets: `${BETWEEN} AND to_rev < ${OPEN}`, values },
    ];
  });
}

/**
 * `note` is called within each transaction with the digests that no entry names any more, so that their removal
 * survives a crash.
 */
export function openPruning(
  database: DatabaseSync,
  note: (digests: readonly Digest[]) => void = () => {},
): Pruning {
  const sql = statements(database);

  function isNamed(digest: Uint8Array): boolean {
    return (
      sql('SELECT 1 FROM entry WHERE digest = ? LIMIT 1').get(digest) !== undefined ||
      sql('SELECT 1 FROM entry WHERE chunks = ? LIMIT 1').get(digest) !== undefined
    );
  }

  function dropEntries(dead: Dead, limit: number) {
    return sql(
      `DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE ${dead.entries} LIMIT :limit)
       RETURNING digest, chunks, size`,
    ).all({ ...dead.values, limit });
  }

  function dropBuckets(dead: Dead, limit: number): number {
    const key = 'site, level, number, from_rev';
    const { changes } = sql(
      `DELETE FROM bucket WHERE (${key}) IN (SELECT ${key} FROM bucket WHERE ${dead.buckets} LIMIT :limit)`,
    ).run({ ...dead.values, limit });
    return Number(changes);
  }

  function doom({ site, keep }: Retained): Reclaimed {
    let rows = 0;
    for (const dead of deadRows({ site, keep })) {
      const entries = sql(
        `INSERT INTO ${DOOMED} (id, site) SELECT id, site FROM entry WHERE ${dead.entries}`,
      );
      const buckets = sql(`SELECT count(*) AS rows FROM bucket WHERE ${dead.buckets}`);
      rows += Number(entries.run(dead.values).changes) + Number(buckets.get(dead.values)?.rows);
    }
    const stays = (column: string) =>
      `EXISTS (SELECT 1 FROM entry o WHERE o.${column} = d.digest
         AND NOT EXISTS (SELECT 1 FROM ${DOOMED} x WHERE x.id = o.id))`;
    const row = sql(
      `SELECT count(*) AS objects, coalesce(sum(d.size), 0) AS bytes FROM
         (SELECT DISTINCT e.digest, e.size FROM ${DOOMED} x CROSS JOIN entry e ON e.id = x.id WHERE x.site = ?) d
       WHERE NOT ${stays('digest')} AND NOT ${stays('chunks')}`,
    ).get(site);
    return { rows, objects: Number(row?.objects), bytes: Number(row?.bytes) };
  }

  function forecast(sites: readonly Retained[]): Reclaimed[] {
    database.exec(`
      CREATE TEMP TABLE IF NOT EXISTS doomed (id INTEGER PRIMARY KEY, site INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS temp.doomed_site ON doomed (site);
      DELETE FROM ${DOOMED};
    `);
    return sites.map(doom);
  }

  return {
    prune: (site, keep, limit) =>
      transaction(database, () => {
        const digests = new Map<Digest, { bytes: Uint8Array; size: number | null }>();
        let rows = 0;
        for (const dead of deadRows({ site, keep })) {
          for (const row of dropEntries(dead, limit - rows)) {
            rows++;
            const bytes = row.digest as Uint8Array;
            digests.set(digestFromBytes(bytes), { bytes, size: Number(row.size) });
            if (row.chunks === null) continue;
            const list = row.chunks as Uint8Array;
            const digest = digestFromBytes(list);
            if (!digests.has(digest)) digests.set(digest, { bytes: list, size: null });
          }
          rows += dropBuckets(dead, limit - rows);
          if (rows >= limit) break;
        }
        const gone = [...digests].filter(([, { bytes }]) => !isNamed(bytes));
        note(gone.map(([digest]) => digest));
        const sizes = gone.flatMap(([, { size }]) => size ?? []);
        return {
          digests: gone.map(([digest]) => digest),
          rows,
          objects: sizes.length,
          bytes: sizes.reduce((sum, size) => sum + size, 0),
          more: rows >= limit,
        };
      }),

    reclaimable(site, keep) {
      const [reclaimed] = forecast([{ site, keep }]);
      return reclaimed ?? { rows: 0, objects: 0, bytes: 0 };
    },

    forecast,
  };
}
