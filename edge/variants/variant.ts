import type { Digest } from '../../shared/content/digest.ts';

/** A content coding in which a representation can be sent. */
export type ContentCoding = 'zstd' | 'br' | 'gzip';

/** The bytes of an object, compressed. */
export interface Variant {
  readonly digest: Digest;
  readonly size: number;
  readonly coding: ContentCoding;
}
