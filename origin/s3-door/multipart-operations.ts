import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import { decideRange } from '../../shared/http/range.ts';
import { schema } from '../../shared/json/schema.ts';
import { MOST_PARTS } from '../buckets/multipart-uploads.ts';
import type { Multipart, MultipartDetail, MultipartPart } from '../catalog/multipart-calls.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import { type CompletedPart, chosenParts } from './chosen-parts.ts';
import { copySource } from './copy-source.ts';
import { possiblePath, putPath } from './key.ts';
import { countIn, numberIn } from './list-operations.ts';
import { checkHeaders, checksumElement, objectMeta, storedHeaders } from './object-headers.ts';
import { ObjectSum, wantedChecksum } from './object-sum.ts';
import { type Answer, type Call, changesPath, type Operation, readsSite, xml } from './operation.ts';
import { algorithmOf } from './payload/checksum.ts';
import { Incoming } from './payload/incoming.ts';
import { OWNER } from './probes.ts';
import { readXml, XML_BYTES } from './protocol/read-xml.ts';
import { S3Error } from './protocol/s3-error.ts';
import { escapedPath } from './protocol/target.ts';
import { xmlDocument } from './protocol/write-xml.ts';
import { slowly } from './slow-answer.ts';
import { tagsOfHeader } from './tags.ts';
import { conditionOf, done, receivedBytes } from './write-operations.ts';

export const createMultipart: Operation = {
  need: changesPath,
  async run(call) {
    const { target, headers, context } = call;
    const { key = '', bucket = '' } = target;
    checkHeaders(headers);
    const site = await call.site();
    const path = putPath(key);
    const checksum = wantedChecksum(headers);
    const stored = storedHeaders(headers);
    objectMeta({ headers: stored });
    const tags = tagsOfHeader(headers);
    const detail: MultipartDetail = { headers: stored, ...(checksum && { checksum }), ...(tags && { tags }) };
    const UploadId = await context.uploads.create(site, path, detail);
    const answer = xml(xmlDocument('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId }));
    return {
      ...answer,
      headers: {
        ...answer.headers,
        ...(checksum && {
          'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(),
          'x-amz-checksum-type': checksum.type,
        }),
      },
    };
  },
};

/** The upload that the address names. Throws `NoSuchUpload`. */
async function uploadOf(call: Call, site: SiteRow): Promise<Multipart> {
  const { key = '', query } = call.target;
  const path = possiblePath(key);
  const upload = path && (await call.context.uploads.find(site, path, query.get('uploadId') ?? ''));
  if (upload === undefined) throw new S3Error('NoSuchUpload');
  return upload;
}

async function openUpload(call: Call, site: SiteRow): Promise<Multipart> {
  const upload = await uploadOf(call, site);
  if (upload.result !== null) throw new S3Error('NoSuchUpload');
  return upload;
}

function partNumber({ target }: Call): number {
  const text = target.query.get('partNumber') ?? '';
  const number = Number(text);
  if (/^\d{1,6}$/.test(text) && number >= 1 && number <= MOST_PARTS) return number;
  throw new S3Error(
    'InvalidArgument',
    `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`,
  );
}

function arrived(part: MultipartPart | undefined): MultipartPart {
  if (part === undefined) throw new S3Error('NoSuchUpload');
  return part;
}

export const uploadPart: Operation = {
  need: changesPath,
  async run(call) {
    const { headers, body, signer, context } = call;
    checkHeaders(headers);
    const number = partNumber(call);
    const site = await call.site();
    const upload = await openUpload(call, site);
    const { checksum } = upload.detail;
    const incoming = new Incoming(body, headers, signer, checksum && algorithmOf(checksum.algorithm));
    const part = arrived(
      await context.uploads.put(site, upload, {
        ...{ number, size: incoming.size, body: incoming.bytes(), expected: incoming.expected },
        etag: () => incoming.etag(),
        checksum() {
          const sum = incoming.checksum();
          if (checksum !== undefined && sum?.algorithm !== checksum.algorithm)
            throw new S3Error(
              'InvalidRequest',
              `Checksum Type mismatch occurred, expected checksum Type: ${checksum.algorithm}, actual checksum Type: ${sum?.algorithm}`,
            );
          return checksum === undefined ? null : (sum?.value ?? null);
        },
      }),
    );
    const sum = incoming.checksum();
    return {
      headers: { etag: `"${part.etag}"`, ...(sum && { [`x-amz-checksum-${sum.algorithm}`]: sum.value }) },
    };
  },
};

export const uploadPartCopy: Operation = {
  need: changesPath,
  async run(call) {
    const { context, headers } = call;
    const number = partNumber(call);
    const site = await call.site();
    const upload = await openUpload(call, site);
    const { object } = await copySource(call);
    const range = headers['x-amz-copy-source-range'];
    const span =
      range === undefined ? { start: 0, end: object.size } : copiedSpan(String(range), object.size);
    const md5 = createHash('md5');
    const sum = new ObjectSum(upload.detail.checksum && algorithmOf(upload.detail.checksum.algorithm));
    let value: string | null = null;
    // The source is opened here, because a part may be refused before it is read, and nothing would close the source.
    async function* passing() {
      const bytes = await context.store.open(object.digest, span);
      if (bytes === undefined)
        throw new SkerryError('no-such-object', `the object ${object.digest} is not stored`);
      for await (const piece of bytes as AsyncIterable<Buffer>) {
        md5.update(piece);
        sum.update(piece);
        yield piece;
      }
      value = (await sum.value()) ?? null;
    }
    const part = arrived(
      await context.uploads.put(site, upload, {
        ...{
          number,
          size: span.end - span.start,
          body: passing(),
          etag: () => md5.digest('hex'),
          checksum: () => value,
        },
      }),
    );
    return xml(
      xmlDocument('CopyPartResult', {
        LastModified: new Date(part.time).toISOString(),
        ETag: `"${part.etag}"`,
      }),
    );
  },
};

function copiedSpan(range: string, size: number) {
  const decision = decideRange(range, size);
  const [, last] = /^bytes=\d+-(\d+)$/.exec(range) ?? [];
  if (last === undefined)
    throw new S3Error(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last',
    );
  if (decision.kind !== 'part' || Number(last) >= size) throw new S3Error('InvalidRange');
  return decision.range;
}

export const listParts: Operation = {
  need: readsSite,
  async run(call) {
    const { target, context } = call;
    const upload = await openUpload(call, await call.site());
    const most = countIn(target.query.get('max-parts'), 'max-parts');
    const marker = numberIn(target.query.get('part-number-marker'), 'part-number-marker', 0);
    const found = await context.catalog.parts(upload.id, marker, most + 1);
    const shown = found.slice(0, most);
    const algorithm = upload.detail.checksum?.algorithm;
    return xml(
      xmlDocument('ListPartsResult', {
        Bucket: target.bucket ?? '',
        Key: upload.path,
        UploadId: upload.id,
        Initiator: OWNER,
        Owner: OWNER,
        StorageClass: 'STANDARD',
        PartNumberMarker: marker,
        NextPartNumberMarker: shown.at(-1)?.number ?? marker,
        MaxParts: most,
        IsTruncated: found.length > most,
        ...(algorithm !== undefined && {
          ChecksumAlgorithm: algorithm.toUpperCase(),
          ChecksumType: upload.detail.checksum?.type,
        }),
        Part: shown.map(({ number, time, etag, size, checksum }) => ({
          PartNumber: number,
          LastModified: new Date(time).toISOString(),
          ETag: `"${etag}"`,
          Size: size,
          ...(algorithm !== undefined &&
            checksum !== null &&
            checksumElement({ algorithm, value: checksum })),
        })),
      }),
    );
  },
};

export const abortMultipart: Operation = {
  need: changesPath,
  async run(call) {
    const upload = await openUpload(call, await call.site());
    await call.context.uploads.abort(upload);
    return { status: 204 };
  },
};

const completeSchema = schema(
  Type.Object({
    Part: Type.Array(
      Type.Object({
        PartNumber: Type.String({ pattern: '^\\s*[0-9]{1,6}\\s*$' }),
        ETag: Type.String({ maxLength: 100 }),
        ...Object.fromEntries(
          ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'].map((name) => [
            `Checksum${name}`,
            Type.Optional(Type.String({ maxLength: 100 })),
          ]),
        ),
      }),
      { minItems: 1, maxItems: MOST_PARTS },
    ),
  }),
);

export const completeMultipart: Operation = {
  need: changesPath,
  async run(call) {
    const { body, headers, signer, target } = call;
    const bytes = await receivedBytes(new Incoming(body, ofDocument(headers), signer), XML_BYTES);
    const { Part } = readXml(bytes, { name: 'CompleteMultipartUpload', items: MOST_PARTS }, completeSchema);
    const site = await call.site();
    const upload = await uploadOf(call, site);
    // A client that lost the answer asks again.
    if (upload.result !== null) return completed(target, upload.result);
    return slowly(call, completing(call, site, upload, Part));
  },
};

/** The checksums that complete an upload are those of the object, not of the document that lists its parts. */
function ofDocument(headers: Call['headers']): Call['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-amz-checksum-')));
}

async function completing(
  call: Call,
  site: SiteRow,
  upload: Multipart,
  named: readonly CompletedPart[],
): Promise<Answer> {
  const { context, headers, target } = call;
  const { checksum } = upload.detail;
  const parts = chosenParts(await context.uploads.parts(upload), named, checksum?.algorithm);
  const size = numberIn(headers['x-amz-mp-object-size']?.toString(), 'x-amz-mp-object-size', Number.NaN);
  if (!Number.isNaN(size) && size !== parts.reduce((bytes, part) => bytes + part.size, 0))
    throw new S3Error('InvalidRequest', 'The parts do not have the size that x-amz-mp-object-size says.');
  const sum = new ObjectSum(checksum && algorithmOf(checksum.algorithm), checksum?.type);
  const changed = await context.uploads.complete(site, upload, {
    ...{ parts, condition: conditionOf(call), pass: (piece) => sum.update(piece) },
    async meta(detail) {
      const found = await sum.ofParts(parts);
      const given = checksum && headers[`x-amz-checksum-${checksum.algorithm}`];
      if (found !== undefined && given !== undefined && given !== found.value) throw new S3Error('BadDigest');
      const { headers: stored, tags } = upload.detail;
      return objectMeta({
        ...detail,
        headers: stored,
        ...(found && { checksum: found }),
        ...(tags && { tags }),
      });
    },
  });
  return completed(target, done(changed).etag, await sum.ofParts(parts));
}

function completed(
  { bucket = '', key = '' }: Call['target'],
  etag: string,
  sum?: { readonly algorithm: string; readonly value: string; readonly type: string },
): Answer {
  return xml(
    xmlDocument('CompleteMultipartUploadResult', {
      Location: `/${bucket}/${escapedPath(key)}`,
      Bucket: bucket,
      Key: key,
      ETag: `"${etag}"`,
      ...checksumElement(sum),
      ...(sum && { ChecksumType: sum.type }),
    }),
  );
}
