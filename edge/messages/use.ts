import type { Digest } from '../../shared/content/digest.ts';

/** An entry that readers who take codings ask for, without all of its variants decided. */
export interface WantedVariants {
  readonly site: number;
  readonly revision: number;
  readonly path: string;
  /** How often, since it was told last. */
  readonly times: number;
}

/** What readers have been sent since this was told last. */
export interface ReadersUse {
  /** When each was used last, by the time of the log. */
  readonly used: readonly (readonly [digest: Digest, at: number])[];
  /** Objects that are being sent. */
  readonly serving: readonly Digest[];
}
