import type { EntryMeta } from '../../shared/content/entry.ts';
import { inOrder, MOST_META, metaFault, OWN_META, WHOLE_TYPE } from '../../shared/content/entry-meta.ts';
import type { ObjectMeta } from '../buckets/bucket-objects.ts';
import type { BucketObject, ObjectChecksum, ObjectDetail } from '../catalog/bucket-object.ts';
import { detailsOfHeaders } from '../ingest/file-details.ts';
import { checkAclHeaders } from './acl.ts';
import { checkAnswerable } from './protocol/header-text.ts';
import { S3Error } from './protocol/s3-error.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const USER_META = 'x-amz-meta-';
const MOST_USER_META = 2048;
/** The headers that S3 stores with an object, besides those of the user. */
const STORED: readonly string[] = [
  ...['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'],
];
/** What tools write for themselves. Readers have no use for it, and a new time of a file would change each entry. */
const OF_TOOLS: ReadonlySet<string> = new Set([
  'mtime',
  'atime',
  'ctime',
  'btime',
  's3cmd-attrs',
  'md5chksum',
]);
/** A type that clients send without knowing the file, besides those that `detailsOfHeaders` knows. */
const UNKNOWN_TYPE = 'binary/octet-stream';
/** Headers for what this API does not do. To ignore them would be to pretend. */
const REFUSED: readonly string[] = [
  ...['x-amz-server-side-encryption', 'x-amz-server-side-encryption-customer-algorithm'],
  ...['x-amz-website-redirect-location', 'x-amz-write-offset-bytes'],
];
const OF_LOCKS: readonly string[] = [
  ...['x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date', 'x-amz-object-lock-legal-hold'],
];
/** The first is what everything has. To store more safely than somebody asked for harms nobody. */
const STORAGE_CLASSES: readonly string[] = ['STANDARD', 'REDUCED_REDUNDANCY'];

/** Throws `NotImplemented` for what an object cannot have here. */
export function checkHeaders(headers: Headers): void {
  const refused = REFUSED.find((name) => headers[name] !== undefined && headers[name] !== 'OFF');
  if (refused !== undefined) throw new S3Error('NotImplemented', `${refused} is not implemented.`);
  if (OF_LOCKS.some((name) => headers[name] !== undefined && headers[name] !== 'OFF'))
    throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  const storage = headers['x-amz-storage-class'];
  if (storage !== undefined && !STORAGE_CLASSES.includes(String(storage)))
    throw new S3Error('InvalidStorageClass');
  checkAclHeaders(headers);
  const codings = String(headers['content-encoding'] ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase());
  // A stored coding would be sent to readers who do not accept it. Edges compress by themselves.
  if (codings.some((coding) => coding !== '' && coding !== 'aws-chunked' && coding !== 'identity'))
    throw new S3Error(
      'NotImplemented',
      'Objects with a Content-Encoding are not implemented: send the plain bytes.',
    );
}

/** The headers of a request that are stored with its object. Throws `MetadataTooLarge` and `InvalidArgument`. */
export function storedHeaders(headers: Headers): Record<string, string> {
  const stored: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    const isOwn = name.startsWith(USER_META);
    if (value === undefined || !(isOwn || (STORED.includes(name) && value !== ''))) continue;
    checkAnswerable(name, String(value));
    stored[name] = String(value);
    if (isOwn) bytes += name.length - USER_META.length + String(value).length;
  }
  if (bytes > MOST_USER_META) throw new S3Error('MetadataTooLarge');
  return stored;
}

/**
 * What an object's entry gets from its headers, and what S3 keeps besides. Metadata of the user goes to readers if the
 * form of an entry has room for it. Throws `InvalidArgument` for headers that readers could not get.
 */
export function objectMeta(detail: ObjectDetail): ObjectMeta {
  const { headers } = detail;
  const { 'content-type': type } = headers;
  const saysSomething = type !== UNKNOWN_TYPE && /^[^\s/]+\/[^\s/;]+/.test(type ?? '');
  const details = detailsOfHeaders({ ...headers, 'content-type': saysSomething ? type : undefined });
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith(USER_META) && !OF_TOOLS.has(name.slice(USER_META.length)))
    .map(([name, value]) => [OWN_META + name.slice(USER_META.length), value] as const)
    .filter((pair) => metaFault({ type: 'text/plain', meta: [pair] }) === undefined);
  const meta = inOrder([...details.meta, ...own]);
  const fits = meta.length <= MOST_META.pairs && metaFault({ type: 'text/plain', meta }) === undefined;
  return { details: fits ? { ...details, meta } : details, detail };
}

/** The headers that a client gave for an object, or those that stand for what was published in another way. */
export function storedHeadersOf({ detail, meta }: BucketObject): Readonly<Record<string, string>> {
  return detail === null ? headersOfMeta(meta) : detail.headers;
}

/** The headers that describe an object to an S3 client. */
export function headersOf(object: BucketObject): Record<string, string> {
  const { etag, time, detail, type, meta } = object;
  const tags = detail?.tags?.length ?? 0;
  return {
    ...storedHeadersOf(object),
    'content-type': detail?.headers['content-type'] ?? typeOf(type, meta),
    ...(tags > 0 && { 'x-amz-tagging-count': String(tags) }),
    etag: `"${etag}"`,
    'last-modified': new Date(time).toUTCString(),
    'accept-ranges': 'bytes',
  };
}

function typeOf(type: string, meta: EntryMeta): string {
  return meta.find(([name]) => name === WHOLE_TYPE)?.[1] ?? type;
}

function headersOfMeta(meta: EntryMeta): Record<string, string> {
  return Object.fromEntries(
    meta.map(([name, value]) => [
      name.startsWith(OWN_META) ? USER_META + name.slice(OWN_META.length) : name,
      value,
    ]),
  );
}

/** The headers with the checksum of a whole object. */
export function checksumHeaders({ detail }: Pick<BucketObject, 'detail'>): Record<string, string> {
  const sum = detail?.checksum;
  if (sum === undefined) return {};
  return { [`x-amz-checksum-${sum.algorithm}`]: sum.value, 'x-amz-checksum-type': sum.type };
}

/** The element of a checksum, such as `ChecksumCRC32`. */
export function checksumElement(sum: { readonly algorithm: string; readonly value: string } | undefined) {
  return sum === undefined ? {} : { [`Checksum${sum.algorithm.toUpperCase()}`]: sum.value };
}

/** What a listing says about the checksum of an object. */
export function checksumTypeOf(sum: ObjectChecksum | undefined): Readonly<Record<string, string>> {
  return sum === undefined ? {} : { ChecksumAlgorithm: sum.algorithm.toUpperCase(), ChecksumType: sum.type };
}
