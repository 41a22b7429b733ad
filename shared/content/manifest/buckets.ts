import type { Entry } from '../entry.ts';

/** One node or leaf with its digest. Empty ones are left out. */
export interface Bucket {
  readonly number: number;
  readonly digest: Uint8Array;
}

/** Reads the buckets of any revealed or staged revision, level by level, so that two replicas can be compared. */
export interface BucketReader {
  nodesAt(site: number, revision: number): Bucket[];
  /** The leaves of some nodes, in ascending order. */
  leavesAt(site: number, revision: number, nodes: readonly number[]): Bucket[];
  leafEntries(site: number, revision: number, leaf: number): Entry[];
}
