import type { ContentPath } from '../../shared/content/content-path.ts';
import type { BucketCondition, ChangeOutcome } from './bucket-condition.ts';
import type { BucketObject, ObjectChecksum } from './bucket-object.ts';
import type { SiteRow } from './site-calls.ts';
import type { StoredToken } from './token-calls.ts';

export interface BucketChange {
  readonly site: number;
  readonly path: ContentPath;
  /** Must hold for the object that the change replaces. */
  readonly condition?: BucketCondition | undefined;
  /** Null deletes the path. */
  readonly put: Omit<BucketObject, 'path' | 'time'> | null;
}

export interface ListQuery {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
}

/** Where a listing goes on. Names are compared as UTF-8. */
export interface ListPosition {
  /** The first name that is looked at. */
  readonly from: string;
  /** The name that was listed last. Common prefixes up to it are not listed again. */
  readonly listed: string;
}

/** What a listing shows of an object. */
export interface ListedObject extends Pick<BucketObject, 'path' | 'size' | 'time' | 'etag'> {
  readonly checksum?: ObjectChecksum;
}

export type ListItem =
  | { readonly kind: 'object'; readonly object: ListedObject }
  | { readonly kind: 'prefix'; readonly prefix: string };

export interface ListPage {
  readonly items: readonly ListItem[];
  /** Absent at the end. A page may be shorter than asked for, even empty, and have a next one. */
  readonly next?: ListPosition;
}

/** What a request of an S3 client names. Nothing of it is proved. */
export interface RequestNames {
  readonly token: string;
  readonly bucket: string | undefined;
  readonly path: ContentPath | undefined;
}

/** What requests name, as far as it exists. */
export interface NamedByRequests {
  readonly tokens: ReadonlyMap<string, StoredToken>;
  readonly sites: ReadonlyMap<string, SiteRow>;
  /** In the order of the requests. */
  readonly objects: readonly (BucketObject | undefined)[];
}

/** Sites as S3 clients see and change them: at once, while revisions follow. */
export interface BucketCalls {
  /** Reads for many requests at once what `token`, `siteNamed` and `bucketObject` read for one. */
  namedByRequests(requests: readonly RequestNames[]): NamedByRequests;
  bucketObject(site: number, path: ContentPath): BucketObject | undefined;
  /** The objects of a site in the order of their names, with names behind a delimiter rolled up. */
  bucketPage(site: number, query: ListQuery, at: ListPosition, limit: number): ListPage;
  /**
   * Makes changes visible to S3 clients, and durable, and records their objects as `addObjects` does. A change whose
   * condition fails, or that the quota has no room for, is not made; the others are.
   * Throws `no-such-site`, and changes nothing then.
   */
  changeBucket(changes: readonly BucketChange[], time: number): ChangeOutcome[];
  /** The sites with changes that are in no revision. */
  heldSites(): number[];
  /** Opens a deploy whose commit takes all held changes of the site. Undefined when there are none. */
  openHeld(deploy: string, site: number, time: number): number | undefined;
  /**
   * Stages a page of the held changes after `after` and up to `until`. Undefined when done. Callers hold the site's
   * lock.
   */
  stageHeld(
    site: number,
    revision: number,
    time: number,
    span: { readonly after: number; readonly until: number },
  ): number | undefined;
}
