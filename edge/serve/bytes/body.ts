import type { Readable } from 'node:stream';
import type { SkerryError } from '../../../shared/errors.ts';
import type { CacheState } from '../http/cache-status.ts';

/** The bytes of a response. When they are sent, the sender calls `release`, if there is one. */
export type Body = { readonly cache: CacheState } & (
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly release?: () => void }
  | { readonly kind: 'stream'; readonly stream: Readable }
);

/**
 * Why an object is not available: `too-many-misses` if too many of the client's requests are waiting, otherwise
 * `unavailable`.
 */
export interface Refused {
  readonly kind: 'refused';
  readonly error: SkerryError;
}

/** A reader who waits for a body. */
export interface WaitingReader {
  /** The name under which limits count the client. */
  readonly client: string;
  /** Resolves when the reader has left. */
  readonly gone: () => Promise<void>;
}
