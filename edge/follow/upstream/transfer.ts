import type { Bandwidth } from '../../../shared/concurrency/bandwidth.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import type { SigningKey } from '../../../shared/signing/keys.ts';

/** Who calls, and the log whose feed is called. */
export interface Caller {
  readonly name: string;
  readonly key: SigningKey;
  readonly log: string;
}

/** How a fetch is carried out. */
export interface Transfer {
  readonly signal: AbortSignal;
  /** All of these are kept to. */
  readonly bandwidths: readonly Bandwidth[];
  /** Somebody waits for it: it goes beside what is replicated. */
  readonly isForReaders?: boolean;
  /** What came before was wrong: the sender keeps to nothing that it has encoded, and encodes anew. */
  readonly isAnew?: boolean;
}

/** The objects that an answer may be coded against, concatenated. */
export interface Dictionary {
  readonly digests: readonly Digest[];
  readonly bytes: Buffer;
}
