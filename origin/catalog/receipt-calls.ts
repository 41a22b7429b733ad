import type { Receipt } from '../../shared/log/receipt.ts';

/** Receipts that edges have signed. They may arrive again, and in any order. */
export interface ReceiptCalls {
  /**
   * Keeps the first receipt of each edge for a revision, until a later one covers something else. A step of a rollout,
   * and an abort after which the revision is shown again, have receipts of their own. Ignores receipts for
   * a revision or a root that is not in the log, and for steps and aborts older than the newest KEPT_SHOWINGS. Returns
   * the others, which are stored now or were stored before.
   */
  addReceipts(receipts: readonly Receipt[]): Receipt[];
  /**
   * The receipts in the ascending order of their edges' names. For an edge that was replaced, this includes the
   * receipts of each of its hosts. Empty for an unknown revision.
   */
  receipts(site: number, revision: number): Receipt[];
  /** The edges whose present hosts have signed receipts for this revision. */
  confirming(site: number, revision: number): string[];
}
