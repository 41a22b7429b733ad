import { hash } from 'node:crypto';
import type { ContentPath } from './content-path.ts';
import type { Digest } from './digest.ts';

/** Response metadata stored with an entry: lower-case field name and value, sorted by name. */
export type EntryMeta = readonly (readonly [name: string, value: string])[];

/** What a site holds at one path of one revision. */
export interface Entry {
  readonly path: ContentPath;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** The digest of the chunk list; present exactly when the object is larger than 1 MiB. */
  readonly chunks: Digest | null;
  /** Media type without parameters. */
  readonly type: string;
  readonly meta: EntryMeta;
  /** Milliseconds since 1970 of the commit that gave this path its digest; never the file's mtime. */
  readonly time: number;
}

/**
 * The tuple that stands for an entry on the wire and in digests. Strings and integers in an array: what
 * JSON.stringify makes of it is its canonical form (RFC 8785).
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

/** SHA-256 over the canonical tuple: the entry's contribution to its bucket. */
export function entryHash(entry: Entry): Buffer {
  return hash('sha256', JSON.stringify(entryTuple(entry)), 'buffer');
}
