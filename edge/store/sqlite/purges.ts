import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { PurgeReceipt, PurgeTarget } from '../../../shared/purge.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { PurgeCalls } from '../catalog.ts';

export function purgeCalls(database: DatabaseSync, sql: (text: string) => StatementSync): PurgeCalls {
  return {
    pendingPurges: () =>
      sql('SELECT * FROM purge WHERE receipt IS NULL ORDER BY seq')
        .all()
        .map(({ seq, site, target }) => ({
          seq: seq as number,
          site: site as number,
          target: JSON.parse(target as string) as PurgeTarget,
        })),

    purgeDone(receipt) {
      sql('UPDATE purge SET receipt = ? WHERE seq = ?').run(JSON.stringify(receipt), receipt.seq);
    },

    unsentPurgeReceipts: (limit) =>
      sql('SELECT receipt FROM purge WHERE receipt IS NOT NULL AND sent = 0 ORDER BY seq LIMIT ?')
        .all(limit)
        .map(({ receipt }) => JSON.parse(receipt as string) as PurgeReceipt),

    markPurgesSent(receipts) {
      transaction(database, () => {
        for (const { seq } of receipts) sql('UPDATE purge SET sent = 1 WHERE seq = ?').run(seq);
      });
    },

    dropPurges(site) {
      sql(
        `DELETE FROM purge WHERE site = :site AND sent = 1
         AND revision < (SELECT coalesce(min(revision), ${Number.MAX_SAFE_INTEGER}) FROM held WHERE site = :site)`,
      ).run({ site });
    },
  };
}
