import type { Chunk } from '../content/chunk-list.ts';
import type { Digest } from '../content/digest.ts';

/** The result of one pass over a file, in a thread. */
export interface HashedFile {
  readonly digest: Digest;
  readonly size: number;
  /** The content-defined chunks. Empty for an object that has no chunk list. */
  readonly chunks: readonly Chunk[];
}
