import type { Entry } from '../../shared/content/entry.ts';

/** What only S3 stores about an object. */
export interface ObjectDetail {
  /** The headers that a client gave for the object, as it gave them. Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum?: ObjectChecksum;
  readonly tags?: Tags;
  /** The sizes of the parts, for an object that was uploaded in parts. */
  readonly parts?: readonly number[];
}

/** Tags of an object in S3. Edges do not get them. */
export type Tags = readonly (readonly [key: string, value: string])[];

export interface ObjectChecksum {
  /** As in the name of the header: `crc32`, `crc32c`, `crc64nvme`, `sha1` or `sha256`. */
  readonly algorithm: string;
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

/** An object that S3 clients see: that of the newest change, or else of the site's tip. */
export interface BucketObject extends Entry {
  /** Without quotes. */
  readonly etag: string;
  /** Null for a file that was not published through S3. */
  readonly detail: ObjectDetail | null;
}
