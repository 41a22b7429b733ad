import type { DatabaseSync } from 'node:sqlite';
import { leafDigest, leavesOf, nodeDigest } from '../buckets.ts';
import { entryHash } from '../entry.ts';
import { openBucketReader } from './buckets.ts';

/** Computes digests from the entries themselves, whatever the stored ones say. */
export interface Audit {
  /** The digest of a node; null for an empty one. */
  recomputedNode(site: number, revision: number, node: number): Uint8Array | null;
}

export function openAudit(database: DatabaseSync): Audit {
  const { leafEntries } = openBucketReader(database);
  return {
    recomputedNode(site, revision, node) {
      const { first, last } = leavesOf(node);
      const leaves: { id: number; digest: Uint8Array }[] = [];
      for (let leaf = first; leaf <= last; leaf++) {
        const digest = leafDigest(leafEntries(site, revision, leaf).map(entryHash));
        if (digest !== null) leaves.push({ id: leaf, digest });
      }
      return nodeDigest(leaves);
    },
  };
}
