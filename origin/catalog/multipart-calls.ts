import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { BucketChange } from './bucket-calls.ts';
import type { ChangeOutcome } from './bucket-condition.ts';
import type { ObjectChecksum, Tags } from './bucket-object.ts';

/** What a client said when it began an upload in parts. */
export interface MultipartDetail {
  /** As in ObjectDetail. */
  readonly headers: Readonly<Record<string, string>>;
  /** As in ObjectDetail. */
  readonly tags?: Tags;
  /** The checksum that the client wants. */
  readonly checksum?: Omit<ObjectChecksum, 'value'>;
}

export interface Multipart {
  readonly id: string;
  readonly site: number;
  readonly path: ContentPath;
  readonly created: number;
  readonly detail: MultipartDetail;
  /** The entity tag of the completed object. Null until then. */
  readonly result: string | null;
}

export interface MultipartPart {
  readonly upload: string;
  readonly number: number;
  readonly digest: Digest;
  readonly size: number;
  readonly time: number;
  /** The MD5 of the part, in hex. */
  readonly etag: string;
  /** In base64. */
  readonly checksum: string | null;
}

/**
 * `missing`: the upload is not open. `full`: the parts of all open uploads and what S3 clients see of the site would
 * exceed its quota together.
 */
export type PartOutcome = Exclude<ChangeOutcome, 'failed'>;

interface MultipartPosition {
  readonly path: string;
  /** Empty for the first upload of the path. */
  readonly id: string;
}

/** Uploads of S3 clients that come in parts. The parts are objects of the store. */
export interface MultipartCalls {
  /** `id` is random. Throws `too-many-requests` when the site has MOST_MULTIPARTS that are not completed. */
  createMultipart(upload: Omit<Multipart, 'result'>): void;
  /** Undefined for an upload that never was, was aborted, or was given up. */
  multipart(id: string): Multipart | undefined;
  /** The uploads of a site that are not completed, by path and then by id, after a position. */
  multiparts(site: number, prefix: string, after: MultipartPosition, limit: number): Multipart[];
  /** What `addParts` would answer for a part of this size. Throws `no-such-site`. */
  judgePart(part: Pick<MultipartPart, 'upload' | 'number' | 'size'>): PartOutcome;
  /**
   * Stores parts. A later part replaces an earlier one of its number. Throws `no-such-site`, and stores nothing then.
   */
  addParts(parts: readonly MultipartPart[]): PartOutcome[];
  /** The parts of an upload after a number, in ascending order. */
  parts(upload: string, after: number, limit: number): MultipartPart[];
  /**
   * In one transaction, makes the change that completes an upload, keeps its result, and deletes its parts, in whose
   * room the object goes. Nothing happens when the condition of the change fails, or the quota has no room for it.
   * `missing` when the upload is not open.
   */
  finishMultipart(id: string, result: string, change: BucketChange, time: number): ChangeOutcome;
  /** Deletes an upload that is not completed. False when there is none. */
  dropMultipart(id: string): boolean;
}
