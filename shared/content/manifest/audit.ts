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
   * Stores the computed digests. Only for the newest revealed revision, and only while none is staged, because its rows
   * are open.
   */
  remakeNode(site: number, revision: number, node: number): void;
}
