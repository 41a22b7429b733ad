import type { EncodingKey } from '../../../shared/delta/encoding-key.ts';
import type { Encoded } from '../../../shared/delta/encodings.ts';
import type { Self } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** A place to fetch objects from, and a cache for the encodings that pass through this edge. */
export interface ObjectSource {
  readonly upstream: Upstream;
  readonly self: Self;
  /** Caches a bundle as it was received, so that this edge can forward it to its children. */
  readonly keepEncoded: ((key: EncodingKey, encoded: Encoded) => void) | undefined;
}
