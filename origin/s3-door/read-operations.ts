import type { Readable } from 'node:stream';
import { SkerryError } from '../../shared/errors.ts';
import { judgePreconditions, rangeApplies } from '../../shared/http/conditional.ts';
import { decideRange } from '../../shared/http/range.ts';
import { type ByteSpan, inHttp, spanLength } from '../../shared/store/byte-span.ts';
import { COMMIT_KEY } from '../buckets/commit-markers.ts';
import type { BucketObject } from '../catalog/bucket-object.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import { possiblePath } from './key.ts';
import { checksumHeaders, headersOf } from './object-headers.ts';
import { type Answer, type Call, type Operation, readsSite } from './operation.ts';
import { S3Error } from './protocol/s3-error.ts';

const OVERRIDES: readonly string[] = [
  ...[
    'content-type',
    'content-language',
    'expires',
    'cache-control',
    'content-disposition',
    'content-encoding',
  ],
];

/** The object that a request is about. Throws `NoSuchKey`. */
export async function objectAt(
  { context }: Pick<Call, 'context'>,
  site: SiteRow,
  key: string,
): Promise<BucketObject> {
  const path = possiblePath(key);
  const object = path === undefined ? undefined : await context.catalog.bucketObject(site.id, path);
  if (object === undefined) throw new S3Error('NoSuchKey');
  return object;
}

/** There is one version of an object. */
export function checkVersion({ target }: Pick<Call, 'target'>): void {
  const version = target.query.get('versionId');
  if (version === undefined || version === 'null') return;
  if (version === '') throw new S3Error('InvalidArgument', 'Version id cannot be the empty string');
  throw new S3Error('NoSuchVersion');
}

function reading(isHead: boolean): Operation {
  return {
    need: readsSite,
    async run(call) {
      checkVersion(call);
      const site = await call.site();
      const { key = '' } = call.target;
      const marker = key === COMMIT_KEY ? call.context.markers.of(site) : undefined;
      if (marker !== undefined) {
        const { etag, time, bytes } = marker;
        const headers = { etag: `"${etag}"`, 'last-modified': new Date(time).toUTCString() };
        return {
          headers: { ...headers, 'content-length': bytes.length },
          body: isHead ? '' : bytes.toString(),
        };
      }
      return answered(call, await call.object(), isHead);
    },
  };
}

export const getObject = reading(false);
export const headObject = reading(true);

async function answered(call: Call, object: BucketObject, isHead: boolean): Promise<Answer> {
  const { headers, target } = call;
  const validators = { etag: `"${object.etag}"`, modified: object.time };
  const verdict = judgePreconditions(quoted(headers), validators);
  if (verdict === 'failed') throw new S3Error('PreconditionFailed');
  const known = { ...headersOf(object), ...overrides(call) };
  if (verdict === 'not-modified') {
    const { etag, 'last-modified': modified } = known as { etag: string; 'last-modified': string };
    return { status: 304, headers: { etag, 'last-modified': modified } };
  }
  const part = target.query.get('partNumber');
  if (part !== undefined && headers.range !== undefined)
    throw new S3Error('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter');
  const chosen = part === undefined ? chosenRange(call, object) : partSpan(object, part);
  const isWhole = chosen === undefined;
  const span = chosen ?? { start: 0, end: object.size };
  const parts = part === undefined ? undefined : object.detail?.parts?.length;
  return {
    status: isWhole ? 200 : 206,
    headers: {
      ...known,
      ...(headers['x-amz-checksum-mode'] === 'ENABLED' && isWhole && checksumHeaders(object)),
      ...(parts !== undefined && { 'x-amz-mp-parts-count': parts }),
      ...(chosen !== undefined && { 'content-range': `bytes ${inHttp(span)}/${object.size}` }),
      'content-length': spanLength(span),
    },
    body: isHead || spanLength(span) === 0 ? '' : await opened(call, object, span),
  };
}

async function opened(
  { context }: Pick<Call, 'context'>,
  { digest }: BucketObject,
  span: ByteSpan,
): Promise<Readable> {
  const bytes = await context.store.open(digest, span);
  if (bytes === undefined) throw new SkerryError('no-such-object', `the object ${digest} is not stored`);
  return bytes;
}

/** Some clients send entity tags without quotes. */
function quoted(headers: Call['headers']): Call['headers'] {
  const quote = (list: string | undefined) =>
    list === undefined || list.includes('"') || list.trim() === '*' ? list : `"${list.trim()}"`;
  return {
    ...headers,
    'if-match': quote(headers['if-match']),
    'if-none-match': quote(headers['if-none-match']),
  };
}

function overrides({ target }: Pick<Call, 'target'>): Record<string, string> {
  return Object.fromEntries(
    OVERRIDES.flatMap((name) => {
      const value = target.query.get(`response-${name}`);
      if (value === undefined) return [];
      if (!/^[\x20-\x7e]*$/.test(value))
        throw new S3Error('InvalidArgument', `response-${name} is not printable ASCII`);
      return [[name, value]];
    }),
  );
}

/** Undefined for the whole object. S3 does not answer several ranges at once. */
function chosenRange({ headers }: Call, object: BucketObject): ByteSpan | undefined {
  const validators = { etag: `"${object.etag}"`, modified: object.time };
  if (!rangeApplies(headers['if-range'] as string | undefined, validators)) return undefined;
  const decision = decideRange(headers.range, object.size);
  if (decision.kind === 'unsatisfiable') throw new S3Error('InvalidRange');
  return decision.kind === 'part' ? decision.range : undefined;
}

function partSpan({ size, detail }: BucketObject, text: string): ByteSpan | undefined {
  const number = Number(text);
  if (!/^[1-9]\d{0,4}$/.test(text) || number > 10_000)
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  const parts = detail?.parts ?? [size];
  const length = parts[number - 1];
  if (length === undefined) throw new S3Error('InvalidPart');
  if (detail?.parts === undefined) return undefined;
  const start = parts.slice(0, number - 1).reduce((sum, part) => sum + part, 0);
  return { start, end: start + length };
}
