import type { Entry } from '../entry.ts';

interface AuditedNode {
  /** Computed from the entries themselves. Null for an empty node. */
  readonly digest: Uint8Array | null;
  /**
   * Whether the stored hashes of the entries, and the stored digests of the leaves and the node, equal the computed
   * ones.
   */
  readonly isStored: boolean;
}

/** Computes digests from the entries themselves, whatever the stored ones are. */
export interface Audit {
  auditNode(site: number, revision: number, node: number): AuditedNode;
  /**
   * Stores the computed digests. The revision must be the newest revealed one, because only its rows are open, and no
   * revision may be staged.
   */
  remakeNode(site: number, revision: number, node: number): void;
  /**
   * Makes these the entries of a node in one revision, and stores its digests. All other revisions stay as they are. The
   * revision must be older than the newest revealed one.
   */
  mendNode(site: number, revision: number, node: number, entries: readonly Entry[]): void;
}
