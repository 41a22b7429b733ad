import type { Digest } from '../../shared/content/digest.ts';
import type { LogRecord } from '../../shared/log/record.ts';
import type { AnyReceipt } from '../../shared/receipts/receipt-file.ts';
import type { RosterMember } from '../../shared/receipts/roster.ts';

/** What the origin knows about who has answered a record. */
export interface Evidence {
  readonly record: LogRecord;
  /** The end of the log. */
  readonly end: { readonly seq: number; readonly hash: Digest };
  /** The hosts of edges that have answered, and the present members that may read the site, by name, then by key. */
  readonly members: readonly RosterMember[];
  /** In the order of the members. */
  readonly receipts: readonly AnyReceipt[];
}

export interface EvidenceCalls {
  /**
   * Who has answered `record`: a step of a rollout that shows the revision, or an abort after which it is shown again.
   * Without `record`: the activation, or the last step of a revision that was never live. Throws `no-such-revision` if
   * there is no such record.
   */
  revisionEvidence(site: number, revision: number, record?: number): Evidence;
  /** Throws `no-such-purge`. */
  purgeEvidence(site: number, seq: number): Evidence;
}
