import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import type { ContentPath } from '../../content-path.ts';
import { digestBytes, digestFromBytes } from '../../digest.ts';
import { type Entry, type EntryMeta, entryHash } from '../../entry.ts';

export type Row = Record<string, SQLOutputValue>;

export const ENTRY_COLUMNS = 'e.path, e.digest, e.size, e.chunks, e.type, e.meta, e.time';

const NO_META = '[]';

export function metaText(meta: EntryMeta): string {
  return meta.length === 0 ? NO_META : JSON.stringify(meta);
}

export function metaOf(text: string): EntryMeta {
  return text === NO_META ? [] : (JSON.parse(text) as EntryMeta);
}

/** Trusts the row, because rows are checked before this process stores them. */
export function toEntry(row: Row): Entry {
  return {
    path: row.path as ContentPath,
    digest: digestFromBytes(row.digest as Uint8Array),
    size: row.size as number,
    chunks: row.chunks === null ? null : digestFromBytes(row.chunks as Uint8Array),
    type: row.type as string,
    meta: metaOf(row.meta as string),
    time: row.time as number,
  };
}

/**
 * Stores an entry that is valid from one revision up to, not including, another. Replaces the entry of the same path
 * that begins at the same revision.
 */
export function insertEntry(
  sql: (text: string) => StatementSync,
  site: number,
  leaf: number,
  { from, to }: { readonly from: number; readonly to: number },
  entry: Entry,
): void {
  sql(
    `INSERT OR REPLACE INTO entry (site, leaf, path, from_rev, to_rev, digest, size, chunks, type, meta, time, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    site,
    leaf,
    entry.path,
    from,
    to,
    digestBytes(entry.digest),
    entry.size,
    entry.chunks === null ? null : digestBytes(entry.chunks),
    entry.type,
    metaText(entry.meta),
    entry.time,
    entryHash(entry),
  );
}
