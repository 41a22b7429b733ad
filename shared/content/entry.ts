import { hash } from 'node:crypto';
import type { ContentPath } from './content-path.ts';
import type { Digest } from './digest.ts';

/** Response metadata of an entry: pairs of lower-case field name and value, sorted by name. */
export type EntryMeta = readonly (readonly [name: string, value: string])[];

/** The content of one path in a revision of a site. */
export interface Entry {
  readonly path: ContentPath;
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  /** The digest of the chunk list. Present exactly when the object is larger than 1 MiB. */
  readonly chunks: Digest | null;
  /** The media type without parameters. */
  readonly type: string;
  readonly meta: EntryMeta;
  /**
   * When the commit was made that gave this path its digest, in milliseconds since 1970. It is never the file's mtime.
   */
  readonly time: number;
}

/**
 * The tuple that represents an entry on the wire and in digests. It is an array of strings, integers and nulls, so the
 * output of JSON.stringify is its canonical form (RFC 8785).
 */
export type EntryTuple = readonly [
  path: string,
  digest: string,
  size: number,
  chunks: string | null,
  type: string,
  meta: EntryMeta,
  time: number,
];

export function entryTuple(entry: Entry): EntryTuple {
  return [entry.path, entry.digest, entry.size, entry.chunks, entry.type, entry.meta, entry.time];
}

/** The SHA-256 of the canonical tuple. The digest of a bucket is computed from the hashes of its entries. */
export function entryHash(entry: Entry): Buffer {
  return hash('sha256', JSON.stringify(entryTuple(entry)), 'buffer');
}
