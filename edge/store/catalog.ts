import type { Digest } from '../../shared/digest.ts';
import type { ManifestReader } from '../../shared/manifest/reading.ts';
import type { Staging } from '../../shared/manifest/staging.ts';
import type { Receipt } from '../../shared/receipt.ts';
import type { LogRecord } from '../../shared/record.ts';
import type { Remote } from '../../shared/thread.ts';
import type { ChainState } from '../follow/chain-state.ts';

/** The edge's catalog. Every method is one transaction, durable when it resolves, in the order of the calls. */
export type EdgeCatalog = Remote<EdgeCatalogCalls & Staging & ManifestReader>;

export interface EdgeSite {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  readonly target: Milestone;
  readonly active: Milestone;
}

/** A state of a site and the `activate` record that asks for it; revision 0 for none yet. */
export interface Milestone {
  readonly revision: number;
  readonly root: Digest | null;
  readonly seq: number;
}

export interface NeededObject {
  readonly digest: Digest;
  readonly size: number;
  readonly chunks: Digest | null;
}

export interface EdgeCatalogCalls {
  chain(): ChainState | undefined;
  /** The first state, from a verified answer to a join. */
  begin(chain: ChainState): void;
  /** Takes in verified records, in order, with what they mean for the sites; moves the stored position. */
  storeRecords(records: readonly LogRecord[], chain: ChainState): void;
  noteHead(seq: number): void;
  /** Sites that are not deleted. */
  sites(): EdgeSite[];
  /**
   * Marks a revision as being staged. `resumed` tells that its manifest is here, whole and proven; otherwise
   * `leftover` names a revision of which rows are left and must be unstaged first.
   */
  beginStaging(
    site: number,
    revision: number,
    root: Digest,
  ): { resumed: boolean; leftover: number | undefined };
  /** What was staged under the site's mark has been taken back. */
  endStaging(site: number): void;
  /** The staged manifest's root is what the origin signed. */
  proveStaging(site: number, root: Digest): void;
  /** Ends every staged entry of the newest state, a page at a time, so that a whole manifest can replace it. */
  stageClear(site: number, revision: number, limit: number): boolean;
  /** Objects of entries that begin with the revision, a page at a time in no particular order. */
  stagedObjects(
    site: number,
    revision: number,
    after: number,
    limit: number,
  ): { objects: NeededObject[]; next: number | undefined };
  stagedBytes(site: number, revision: number): number;
  /** Makes the staged revision the active one. */
  reveal(site: number, milestone: Milestone): void;
  /** Keeps a receipt until the origin has acknowledged it; one for each revision. */
  addReceipt(receipt: Receipt): void;
  hasReceipt(site: number, revision: number): boolean;
  unsentReceipts(limit: number): Receipt[];
  markSent(receipts: readonly Receipt[]): void;
  close(): void;
}
