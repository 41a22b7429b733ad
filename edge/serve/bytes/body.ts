import type { Readable } from 'node:stream';
import type { SkerryError } from '../../../shared/errors.ts';
import type { CacheState } from '../http/cache-status.ts';

/** The bytes of an answer. The sender calls `release`, if there is one, when they are sent. */
export type Body = { readonly cache: CacheState } & (
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly release?: () => void }
  | { readonly kind: 'stream'; readonly stream: Readable }
);

/**
 * Why an object is not available: `too-many-misses` when the client has too many requests waiting, else `unavailable`.
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
