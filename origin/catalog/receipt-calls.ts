import type { Receipt } from '../../shared/log/receipt.ts';

/** Receipts that edges have signed. They may arrive again, and in any order. */
export interface ReceiptCalls {
  /**
   * Keeps the first receipt of each edge for a revision, until a later one covers something else. Ignores receipts for
   * a revision or a root that is not in the log. Returns the others, which are stored now or were stored before.
   */
  addReceipts(receipts: readonly Receipt[]): Receipt[];
  /**
   * The receipts by the names of their edges, ascending; for an edge that was replaced, those of each host. Empty for
   * an unknown revision.
   */
  receipts(site: number, revision: number): Receipt[];
  /** The edges whose present host has signed one of these receipts. */
  confirming(site: number, revision: number): string[];
}
