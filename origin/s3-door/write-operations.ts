import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { toSkerryError } from '../../shared/errors.ts';
import { schema } from '../../shared/json/schema.ts';
import { wholeBody } from '../../shared/json/whole-body.ts';
import { permits } from '../access/permission.ts';
import type { Changed } from '../buckets/bucket-objects.ts';
import { COMMIT_KEY, MOST_MARKER_BYTES } from '../buckets/commit-markers.ts';
import type { BucketCondition } from '../catalog/bucket-condition.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import { copySource } from './copy-source.ts';
import { possiblePath, putPath } from './key.ts';
import { numberIn } from './list-operations.ts';
import {
  checkHeaders,
  checksumElement,
  objectMeta,
  storedHeaders,
  storedHeadersOf,
} from './object-headers.ts';
import { type Answer, type Call, changesPath, type Operation, xml } from './operation.ts';
import { Incoming } from './payload/incoming.ts';
import { readXml, XML_BYTES } from './protocol/read-xml.ts';
import { S3Error, s3CodeOf } from './protocol/s3-error.ts';
import { type XmlChildren, xmlDocument } from './protocol/write-xml.ts';
import { checkVersion } from './read-operations.ts';
import { tagsOfHeader } from './tags.ts';

const MOST_DELETED = 1000;
/** A request holds little for each key that waits, but many requests may hold the most keys. */
const DELETED_AT_ONCE = 128;

/** The conditions of a request that puts an object. */
export function conditionOf({ headers }: Pick<Call, 'headers'>): BucketCondition {
  return { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] };
}

/** The conditions of a deletion, as they are named in headers or in a document. Throws `InvalidArgument`. */
function deletionCondition(ifMatch?: string, size?: string, time?: string): BucketCondition {
  const ifSize = size === undefined ? undefined : numberIn(size, 'the size of the condition', 0);
  const ifTime = time === undefined ? undefined : Date.parse(time);
  if (Number.isNaN(ifTime)) throw new S3Error('InvalidArgument', 'The time of the condition is not a date.');
  return { ifMatch, ifSize, ifTime };
}

/** Throws what S3 answers when a condition failed. */
export function done<T>(changed: Changed<T>): T {
  if (changed.outcome === 'done') return changed;
  throw new S3Error(changed.outcome === 'failed' ? 'PreconditionFailed' : 'NoSuchKey');
}

export const putObject: Operation = {
  need: changesPath,
  async run(call) {
    const { target, headers, context, body, signer } = call;
    const { key = '' } = target;
    checkHeaders(headers);
    const site = await call.site();
    const incoming = new Incoming(body, headers, signer);
    if (key === COMMIT_KEY) return putMarker(call, site, incoming);
    const path = putPath(key);
    const stored = storedHeaders(headers);
    const tags = tagsOfHeader(headers);
    // Headers that cannot be stored are refused before the body is read.
    objectMeta({ headers: stored });
    const changed = await context.objects.put(site, path, {
      ...{ body: incoming.bytes(), size: incoming.size, expected: incoming.expected },
      condition: conditionOf(call),
      etag: () => incoming.etag(),
      meta() {
        const checksum = incoming.checksum();
        return objectMeta({ headers: stored, ...(checksum && { checksum }), ...(tags && { tags }) });
      },
    });
    return { headers: { etag: `"${done(changed).etag}"`, ...checksumHeader(incoming) } };
  },
};

function checksumHeader(incoming: Incoming): Record<string, string> {
  const sum = incoming.checksum();
  return sum === undefined
    ? {}
    : { [`x-amz-checksum-${sum.algorithm}`]: sum.value, 'x-amz-checksum-type': sum.type };
}

/** Answers when the revision is made. */
async function putMarker({ context }: Call, site: SiteRow, incoming: Incoming): Promise<Answer> {
  const bytes = await receivedBytes(incoming, MOST_MARKER_BYTES);
  const etag = incoming.etag();
  await context.markers.put(site, { bytes, etag, time: context.clock.now() });
  return { headers: { etag: `"${etag}"` } };
}

/** A short body that is held in memory, checked like that of an object. */
export async function receivedBytes(incoming: Incoming, most: number): Promise<Buffer> {
  const bytes = await wholeBody(incoming.bytes(), most, 'too-large', `the body is larger than ${most} bytes`);
  const { expected } = incoming;
  if (expected !== undefined && createHash('sha256').update(bytes).digest('hex') !== expected)
    throw new S3Error('XAmzContentSHA256Mismatch');
  return bytes;
}

export const copyObject: Operation = {
  need: changesPath,
  async run(call) {
    const { target, headers, context } = call;
    const { key = '', bucket = '' } = target;
    checkHeaders(headers);
    const directive = headers['x-amz-metadata-directive'] ?? 'COPY';
    if (directive !== 'COPY' && directive !== 'REPLACE')
      throw new S3Error('InvalidArgument', 'Unknown metadata directive.');
    const site = await call.site();
    const path = putPath(key);
    const source = await copySource(call);
    const { object } = source;
    if (directive === 'COPY' && source.bucket === bucket && source.key === key)
      throw new S3Error(
        'InvalidRequest',
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      );
    const { checksum, parts } = object.detail ?? {};
    const tags =
      headers['x-amz-tagging-directive'] === 'REPLACE' ? tagsOfHeader(headers) : object.detail?.tags;
    const detail = { ...(checksum && { checksum }), ...(parts && { parts }), ...(tags && { tags }) };
    const meta =
      directive === 'REPLACE'
        ? objectMeta({ ...detail, headers: storedHeaders(headers) })
        : {
            details: { type: object.type, meta: object.meta },
            detail: { ...detail, headers: storedHeadersOf(object) },
          };
    const { digest, size, chunks, etag } = object;
    const changed = await context.objects.putStored(
      ...([site, path, { digest, size, chunks, etag, ...meta }, conditionOf(call)] as const),
    );
    const { time } = done(changed);
    return xml(
      xmlDocument('CopyObjectResult', {
        LastModified: new Date(time).toISOString(),
        ETag: `"${etag}"`,
        ...checksumElement(checksum),
      }),
    );
  },
};

export const deleteObject: Operation = {
  need: changesPath,
  async run(call) {
    const { target, context, headers } = call;
    checkVersion(call);
    const site = await call.site();
    const { 'if-match': ifMatch, 'x-amz-if-match-size': size } = headers;
    const condition = deletionCondition(
      ...[ifMatch, size?.toString(), headers['x-amz-if-match-last-modified-time']?.toString()],
    );
    await deleted(context, site, target.key ?? '', condition);
    return { status: 204 };
  },
};

async function deleted(
  context: Call['context'],
  site: SiteRow,
  key: string,
  condition: BucketCondition = {},
) {
  if (key === COMMIT_KEY) context.markers.delete(site);
  const path = possiblePath(key);
  if (path !== undefined) done(await context.objects.delete(site, path, condition));
}

const deleteSchema = schema(
  Type.Object({
    Object: Type.Array(
      Type.Object({
        Key: Type.String({ minLength: 1 }),
        VersionId: Type.Optional(Type.String()),
        ETag: Type.Optional(Type.String()),
        Size: Type.Optional(Type.String()),
        LastModifiedTime: Type.Optional(Type.String()),
      }),
      { minItems: 1, maxItems: MOST_DELETED },
    ),
    Quiet: Type.Optional(Type.String()),
  }),
);

/** Deletes many objects. What fails is named in the answer; the rest is deleted. */
export const deleteObjects: Operation = {
  need: (site) => ({ kind: 'upload', site }),
  async run(call) {
    const { context, signer, body, headers } = call;
    const bytes = await receivedBytes(new Incoming(body, headers, signer), XML_BYTES);
    const { Object: objects, Quiet } = readXml(bytes, { name: 'Delete', items: MOST_DELETED }, deleteSchema);
    const site = await call.site();
    const remove = async ({ Key, VersionId, ETag, Size, LastModifiedTime }: Named): Promise<Deletion> => {
      const named = { Key, ...(VersionId !== undefined && { VersionId }) };
      try {
        if (!permits(signer.token.scopes, changesPath(site.name, Key))) throw new S3Error('AccessDenied');
        if (VersionId !== undefined && VersionId !== 'null') throw new S3Error('NoSuchVersion');
        await deleted(context, site, Key, deletionCondition(ETag, Size, LastModifiedTime));
        return { Deleted: named };
      } catch (error) {
        const known = toSkerryError(error);
        return { Error: { ...named, Code: s3CodeOf(known), Message: known.message } };
      }
    };
    const results: Deletion[] = [];
    for (let at = 0; at < objects.length; at += DELETED_AT_ONCE)
      results.push(...(await Promise.all(objects.slice(at, at + DELETED_AT_ONCE).map(remove))));
    const isQuiet = Quiet?.trim().toLowerCase() === 'true';
    return xml(
      xmlDocument('DeleteResult', {
        ...(!isQuiet && { Deleted: results.flatMap(({ Deleted }) => Deleted ?? []) }),
        Error: results.flatMap((result) => result.Error ?? []),
      }),
    );
  },
};

type Named = ReturnType<typeof deleteSchema.parse>['Object'][number];

interface Deletion {
  readonly Deleted?: XmlChildren;
  readonly Error?: XmlChildren;
}
