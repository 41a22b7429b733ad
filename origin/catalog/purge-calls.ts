import type { PurgeReceipt } from '../../shared/log/purge-receipt.ts';
import type { Seq } from '../../shared/log/record.ts';
import type { PurgeTarget } from '../../shared/site/purge.ts';
import type { Purge } from '../../shared/wire/api.ts';
import type { SiteRow } from './site-calls.ts';

export interface PurgeCalls {
  /**
   * Appends a record for each target, all or none, and returns the number of the last. A repeated call appends new
   * records. Throws `record-too-large`.
   */
  addPurges(site: Pick<SiteRow, 'id' | 'newest'>, targets: readonly PurgeTarget[], time: number): Seq;
  /** One of the newest purges of the site, with its receipts. Throws `no-such-purge`. */
  purge(site: number, seq: number): Purge;
  /** Keeps the first receipt of each edge for a purge, and ignores receipts for purges that are not in the log. */
  addPurgeReceipts(receipts: readonly PurgeReceipt[]): void;
}
