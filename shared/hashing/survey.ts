import type { Chunk } from '../content/chunk-list.ts';
import type { Digest } from '../content/digest.ts';

/** What a file holds, read through once in a thread. */
export interface Survey {
  readonly digest: Digest;
  readonly size: number;
  /** Content-defined chunks; empty for objects that have no chunk list. */
  readonly chunks: readonly Chunk[];
}
