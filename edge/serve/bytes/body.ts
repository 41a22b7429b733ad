import type { Readable } from 'node:stream';
import type { SkerryError } from '../../../shared/errors.ts';
import type { CacheState } from '../http/cache-status.ts';

/** The bytes of an answer. `release`, where it is given, is to be called when they have been sent. */
export type Body = { readonly cache: CacheState } & (
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly release?: () => void }
  | { readonly kind: 'stream'; readonly stream: Readable }
);

/** What kept an object from coming: `too-many-misses` when the client waits for too much, else `unavailable`. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: SkerryError;
}

/** Who waits for a body. */
export interface WaitingReader {
  /** What counts as one client. */
  readonly client: string;
  /** Asked for by who has to wait: it resolves when nobody waits any more. */
  readonly gone: () => Promise<void>;
}
