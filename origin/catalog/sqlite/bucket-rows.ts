import type { ContentPath } from '../../../shared/content/content-path.ts';
import { type Digest, digestFromBytes } from '../../../shared/content/digest.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import { isSameMeta } from '../../../shared/content/entry-meta.ts';
import { metaOf, type Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import type { BucketObject, ObjectDetail } from '../bucket-object.ts';

/** What S3 clients see of a site: the tip, and which of its changes are in it. */
export interface BucketState {
  readonly site: number;
  readonly tip: number;
  readonly done: number;
}

/** The object of a change that is in no revision. Undefined for a deletion. */
export function heldObject(row: Row): BucketObject | undefined {
  if (row.digest === null) return undefined;
  return {
    path: row.path as ContentPath,
    digest: digestFromBytes(row.digest as Uint8Array),
    size: Number(row.size),
    chunks: row.chunks === null ? null : digestFromBytes(row.chunks as Uint8Array),
    type: String(row.type),
    meta: metaOf(String(row.meta)),
    time: Number(row.time),
    etag: String(row.etag),
    detail: row.detail === '' ? null : (JSON.parse(String(row.detail)) as ObjectDetail),
  };
}

/** The object of an entry, with what S3 stored about it if it is still what an S3 client has put. */
export function publishedObject(entry: Entry, row: Row | undefined): BucketObject {
  const put = row === undefined ? undefined : heldObject(row);
  const isSame =
    put !== undefined &&
    put.digest === entry.digest &&
    put.type === entry.type &&
    isSameMeta(put.meta, entry.meta);
  return isSame ? put : { ...entry, etag: etagOf(entry.digest), detail: null };
}

/**
 * The entity tag of a file that was not published through S3. It looks like that of a multipart upload, which no client
 * takes for an MD5.
 */
export function etagOf(digest: Digest): string {
  return `${digest.slice(0, 32)}-1`;
}
