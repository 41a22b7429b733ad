import { NODE_COUNT, rootDigest } from '../../../shared/content/buckets.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import type { Bucket } from '../../../shared/content/manifest/buckets.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';

/**
 * Computes the digests of the nodes from the entries, and returns whether all stored digests are equal to the computed
 * ones.
 */
export async function audit(
  catalog: EdgeCatalog,
  site: number,
  revision: number,
): Promise<{ nodes: Bucket[]; isStored: boolean }> {
  const nodes: Bucket[] = [];
  let isStored = true;
  for (let number = 0; number < NODE_COUNT; number++) {
    const node = await catalog.auditNode(site, revision, number);
    if (node.digest !== null) nodes.push({ number, digest: node.digest });
    isStored &&= node.isStored;
  }
  return { nodes, isStored };
}

export function rootOf(nodes: readonly Bucket[]): Digest {
  return rootDigest(nodes.map(({ number, digest }) => ({ id: number, digest })));
}
