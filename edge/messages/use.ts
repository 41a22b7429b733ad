import type { Digest } from '../../shared/content/digest.ts';

/** An entry that has undecided variants and was requested by readers who accept codings. */
export interface VariantRequest {
  readonly site: number;
  readonly revision: number;
  readonly path: string;
  /** The number of requests since the last message. */
  readonly times: number;
}

/** The objects that were sent to readers since the last message. */
export interface ReadersUse {
  /** For each object, the time of its last use, in the time of the log, and the number of requests for it. */
  readonly used: readonly (readonly [digest: Digest, at: number, times: number])[];
  /** The objects that are being sent now. */
  readonly serving: readonly Digest[];
}
