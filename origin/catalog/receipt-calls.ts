import type { PurgeReceipt } from '../../shared/log/purge-receipt.ts';
import type { Receipt } from '../../shared/log/receipt.ts';

/** What edges have signed. It may come again, and in any order. */
export interface ReceiptCalls {
  /**
   * Keeps the first of each edge for a revision, until a later one says that it covers something else; leaves out those
   * for a revision or a root that is not in the log. Returns the others, which are stored now, or were before.
   */
  addReceipts(receipts: readonly Receipt[]): Receipt[];
  /** By the names of the edges, ascending; none for a revision that is not known. */
  receipts(site: number, revision: number): Receipt[];
  /** Keeps the first of each edge; passes over those for no purge of the log. */
  addPurgeReceipts(receipts: readonly PurgeReceipt[]): void;
}
