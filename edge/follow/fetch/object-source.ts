import type { EncodingKey } from '../../../shared/delta/encoding-key.ts';
import type { Encoded } from '../../../shared/delta/encodings.ts';
import type { Self } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** Where objects are fetched from, and where passing encodings are cached. */
export interface ObjectSource {
  readonly upstream: Upstream;
  readonly self: Self;
  /** Caches a bundle as it came, for a parent that forwards it to its children. */
  readonly keepEncoded: ((key: EncodingKey, encoded: Encoded) => void) | undefined;
}
