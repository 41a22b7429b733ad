import type { Digest } from '../../shared/content/digest.ts';
import type { Entry } from '../../shared/content/entry.ts';

/**
 * Reads for a publisher who compares a folder with a revision, node by node. Both throw `no-such-revision`. A node is
 * one of the 256 buckets of shared/content/buckets.ts.
 */
export interface ContentReads {
  /** The digests of the nodes from `first` to `last`, by `contentDigest`. */
  contentDigests(site: number, revision: number, first: number, last: number): (Digest | null)[];
  /** The entries of one node, by leaf and then by path. */
  nodeEntries(site: number, revision: number, node: number): Entry[];
}
