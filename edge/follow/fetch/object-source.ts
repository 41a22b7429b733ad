import type { EncodingKey } from '../../../shared/delta/encoding-key.ts';
import type { Encoded } from '../../../shared/delta/encodings.ts';
import type { Caller } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** Where objects are fetched from, and what encodings that pass through are kept for. */
export interface ObjectSource {
  readonly upstream: Upstream;
  readonly caller: Caller;
  /** A parent forwards a bundle to its children as it came. */
  readonly keepEncoded: ((key: EncodingKey, encoded: Encoded) => void) | undefined;
}
