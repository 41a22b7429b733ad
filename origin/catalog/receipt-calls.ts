import type { Receipt } from '../../shared/log/receipt.ts';

/** Receipts of edges. They may arrive more than once and in any order. */
export interface ReceiptCalls {
  /**
   * Keeps the first of each edge for a revision, until a later one says that it covers something else; leaves out those
   * for a revision or a root that is not in the log. Returns the others, which are stored now, or were before.
   */
  addReceipts(receipts: readonly Receipt[]): Receipt[];
  /** By the names of the edges, ascending; none for a revision that is not known. */
  receipts(site: number, revision: number): Receipt[];
}
