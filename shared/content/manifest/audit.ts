interface AuditedNode {
  /** Computed from the entries themselves; null for an empty node. */
  readonly digest: Uint8Array | null;
  /** Whether the stored hashes of the entries and the stored digests of the leaves and the node are those computed. */
  readonly isStored: boolean;
}

/** Computes digests from the entries themselves, whatever the stored ones say. */
export interface Audit {
  auditNode(site: number, revision: number, node: number): AuditedNode;
  /** Stores what is computed. For the newest revealed revision, while none is staged: its rows are open. */
  remakeNode(site: number, revision: number, node: number): void;
}
