import type { Bandwidth } from '../../../shared/concurrency/bandwidth.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import type { SigningKey } from '../../../shared/signing/keys.ts';

/** The edge that calls, and the log whose feed it calls. */
export interface Self {
  readonly name: string;
  readonly key: SigningKey;
  readonly log: string;
}

/** How a fetch is carried out. */
export interface Transfer {
  readonly signal: AbortSignal;
  /** The fetch stays within all of these limits. */
  readonly bandwidths: readonly Bandwidth[];
  /** A reader waits for the fetch, so it uses the connections for readers. */
  readonly isForReaders?: boolean;
  /** True if the previous answer was wrong. The sender then ignores its cached encodings and encodes again. */
  readonly isAnew?: boolean;
}

/** The concatenated objects against which an answer may be encoded. */
export interface Dictionary {
  readonly digests: readonly Digest[];
  readonly bytes: Buffer;
}
