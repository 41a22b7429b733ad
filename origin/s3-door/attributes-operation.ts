import type { BucketObject } from '../catalog/bucket-object.ts';
import { countIn, numberIn } from './list-operations.ts';
import { checksumElement } from './object-headers.ts';
import { type Call, type Operation, readsSite } from './operation.ts';
import { S3Error } from './protocol/s3-error.ts';
import { XML_TYPE, type XmlChildren, xmlDocument } from './protocol/write-xml.ts';
import { checkVersion, objectAt } from './read-operations.ts';

const ATTRIBUTES: readonly string[] = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

export const getAttributes: Operation = {
  need: readsSite,
  async run(call) {
    checkVersion(call);
    const asked = askedAttributes(call);
    const object = await objectAt(call, await call.site(), call.target.key ?? '');
    const { etag, size, time, detail } = object;
    return {
      headers: { 'content-type': XML_TYPE, 'last-modified': new Date(time).toUTCString() },
      body: xmlDocument('GetObjectAttributesResponse', {
        ...(asked.has('ETag') && { ETag: etag }),
        ...(asked.has('Checksum') &&
          detail?.checksum && {
            Checksum: { ...checksumElement(detail.checksum), ChecksumType: detail.checksum.type },
          }),
        ...(asked.has('ObjectParts') && partsOf(call, object)),
        ...(asked.has('StorageClass') && { StorageClass: 'STANDARD' }),
        ...(asked.has('ObjectSize') && { ObjectSize: size }),
      }),
    };
  },
};

function askedAttributes({ headers }: Pick<Call, 'headers'>): ReadonlySet<string> {
  const names = String(headers['x-amz-object-attributes'] ?? '')
    .split(',')
    .map((name) => name.trim());
  if (!names.every((name) => ATTRIBUTES.includes(name)))
    throw new S3Error('InvalidArgument', 'Invalid attribute name specified.');
  return new Set(names);
}

function partsOf({ headers }: Pick<Call, 'headers'>, { detail }: BucketObject): XmlChildren {
  const parts = detail?.parts;
  if (parts === undefined) return {};
  const most = countIn(headers['x-amz-max-parts']?.toString(), 'x-amz-max-parts');
  const marker = numberIn(headers['x-amz-part-number-marker']?.toString(), 'x-amz-part-number-marker', 0);
  const shown = parts.slice(marker, marker + most);
  return {
    ObjectParts: {
      PartsCount: parts.length,
      PartNumberMarker: marker,
      NextPartNumberMarker: marker + shown.length,
      MaxParts: most,
      IsTruncated: marker + shown.length < parts.length,
      Part: shown.map((Size, i) => ({ PartNumber: marker + i + 1, Size })),
    },
  };
}
