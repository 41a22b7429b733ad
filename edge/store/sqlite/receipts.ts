import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Receipt } from '../../../shared/log/receipt.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { ReceiptCalls } from '../catalog.ts';

export function receiptCalls(database: DatabaseSync, sql: (text: string) => StatementSync): ReceiptCalls {
  return {
    addReceipt(receipt) {
      sql('INSERT OR REPLACE INTO receipt (site, revision, json) VALUES (?, ?, ?)').run(
        receipt.site,
        receipt.revision,
        JSON.stringify(receipt),
      );
    },

    receiptCovers(site, revision) {
      const row = sql('SELECT json FROM receipt WHERE site = ? AND revision = ?').get(site, revision);
      return row && (JSON.parse(row.json as string) as Receipt).covers;
    },

    unsentReceipts: (limit) =>
      sql('SELECT json FROM receipt WHERE sent = 0 ORDER BY site, revision LIMIT ?')
        .all(limit)
        .map((row) => JSON.parse(row.json as string) as Receipt),

    markSent(receipts) {
      transaction(database, () => {
        // One that has been replaced meanwhile is not the one that was sent.
        for (const receipt of receipts)
          sql('UPDATE receipt SET sent = 1 WHERE site = ? AND revision = ? AND json = ?').run(
            receipt.site,
            receipt.revision,
            JSON.stringify(receipt),
          );
      });
    },
  };
}
