import type { Digest } from '../../shared/content/digest.ts';

/** An entry whose variants are not all decided, and that readers who accept encodings ask for. */
export interface WantedVariants {
  readonly site: number;
  readonly revision: number;
  readonly path: string;
  /** The number of requests since the last message. */
  readonly times: number;
}

/** The objects that readers have been sent since the last message. */
export interface ReadersUse {
  /** When each object was last used, by the time of the log. */
  readonly used: readonly (readonly [digest: Digest, at: number])[];
  /** Objects that are being sent. */
  readonly serving: readonly Digest[];
}
