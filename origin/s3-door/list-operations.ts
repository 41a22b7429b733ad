import type { ListedObject, ListItem, ListQuery } from '../catalog/bucket-calls.ts';
import { positionAfter } from '../catalog/bucket-listing.ts';
import { checksumTypeOf } from './object-headers.ts';
import { type Call, type Operation, readsSite, xml } from './operation.ts';
import { OWNER } from './probes.ts';
import { S3Error } from './protocol/s3-error.ts';
import { escapedPath, type Target } from './protocol/target.ts';
import { type XmlChildren, xmlDocument } from './protocol/write-xml.ts';

/** The most items of a page. */
const MOST_KEYS = 1000;

interface Asked extends ListQuery {
  readonly most: number;
  /** Encodes names as the client wishes. */
  encode(name: string): string;
  readonly encoding: string | undefined;
}

function asked({ query }: Target, most = 'max-keys'): Asked {
  const encoding = query.get('encoding-type');
  if (encoding !== undefined && encoding !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    most: countIn(query.get(most), most),
    encoding,
    encode: encoding === 'url' ? escapedPath : (text) => text,
  };
}

/** A whole number of 0 or more. Throws `InvalidArgument`. */
export function numberIn(text: string | undefined, name: string, usual: number): number {
  if (text === undefined || text === '') return usual;
  if (!/^\d{1,15}$/.test(text))
    throw new S3Error('InvalidArgument', `${name} is not a whole number of 0 or more`);
  return Number(text);
}

export function countIn(text: string | undefined, name: string): number {
  return Math.min(numberIn(text, name, MOST_KEYS), MOST_KEYS);
}

interface Listed {
  readonly objects: readonly ListedObject[];
  readonly prefixes: readonly string[];
  /** The name of the last item, if more follow. */
  readonly last: string | undefined;
}

async function listed(call: Call, query: Asked, after: string): Promise<Listed> {
  const site = await call.site();
  const { catalog } = call.context;
  if (query.most === 0) return { objects: [], prefixes: [], last: undefined };
  const items: ListItem[] = [];
  const { prefix, delimiter } = query;
  let at = positionAfter(after, query);
  // One item more tells whether the page is the last one.
  while (items.length <= query.most) {
    const page = await catalog.bucketPage(site.id, { prefix, delimiter }, at, query.most + 1 - items.length);
    items.push(...page.items);
    if (page.next === undefined) break;
    at = page.next;
  }
  const shown = items.slice(0, query.most);
  const last = items.length > query.most ? shown.at(-1) : undefined;
  return {
    objects: shown.flatMap((item) => (item.kind === 'object' ? [item.object] : [])),
    prefixes: shown.flatMap((item) => (item.kind === 'prefix' ? [item.prefix] : [])),
    last: last && (last.kind === 'object' ? last.object.path : last.prefix),
  };
}

function contents({ encode }: Asked, objects: readonly ListedObject[], withOwner: boolean): XmlChildren[] {
  return objects.map((object) => ({
    Key: encode(object.path),
    LastModified: new Date(object.time).toISOString(),
    ETag: `"${object.etag}"`,
    ...checksumTypeOf(object.checksum),
    Size: object.size,
    ...(withOwner && { Owner: OWNER }),
    StorageClass: 'STANDARD',
  }));
}

function common({ prefix, delimiter, most, encoding, encode }: Asked, name: string): XmlChildren {
  return {
    Name: name,
    Prefix: encode(prefix),
    ...(delimiter !== '' && { Delimiter: encode(delimiter) }),
    MaxKeys: most,
    ...(encoding !== undefined && { EncodingType: encoding }),
  };
}

const prefixesOf = ({ encode }: Asked, prefixes: readonly string[]) =>
  prefixes.map((prefix) => ({ Prefix: encode(prefix) }));

export const listObjects: Operation = {
  need: readsSite,
  async run(call) {
    const query = asked(call.target);
    const marker = call.target.query.get('marker') ?? '';
    const { objects, prefixes, last } = await listed(call, query, marker);
    return xml(
      xmlDocument('ListBucketResult', {
        ...common(query, call.target.bucket ?? ''),
        Marker: query.encode(marker),
        IsTruncated: last !== undefined,
        // S3 gives it only where a client could not tell it from the last key, but no client minds.
        ...(last !== undefined && { NextMarker: query.encode(last) }),
        Contents: contents(query, objects, true),
        CommonPrefixes: prefixesOf(query, prefixes),
      }),
    );
  },
};

export const listObjectsV2: Operation = {
  need: readsSite,
  async run(call) {
    const query = asked(call.target);
    const { query: parameters } = call.target;
    const token = parameters.get('continuation-token');
    const start = parameters.get('start-after');
    const after = token === undefined || token === '' ? (start ?? '') : nameIn(token);
    const { objects, prefixes, last } = await listed(call, query, after);
    return xml(
      xmlDocument('ListBucketResult', {
        ...common(query, call.target.bucket ?? ''),
        KeyCount: objects.length + prefixes.length,
        IsTruncated: last !== undefined,
        ...(token !== undefined && { ContinuationToken: token }),
        ...(last !== undefined && { NextContinuationToken: tokenOf(last) }),
        ...(start !== undefined && { StartAfter: query.encode(start) }),
        Contents: contents(query, objects, parameters.get('fetch-owner') === 'true'),
        CommonPrefixes: prefixesOf(query, prefixes),
      }),
    );
  },
};

/** Each object has one version, whose id is `null`, as in a bucket without versioning. */
export const listVersions: Operation = {
  need: readsSite,
  async run(call) {
    const query = asked(call.target);
    const marker = call.target.query.get('key-marker') ?? '';
    const { objects, prefixes, last } = await listed(call, query, marker);
    return xml(
      xmlDocument('ListVersionsResult', {
        ...common(query, call.target.bucket ?? ''),
        KeyMarker: query.encode(marker),
        VersionIdMarker: call.target.query.get('version-id-marker') ?? '',
        IsTruncated: last !== undefined,
        ...(last !== undefined && { NextKeyMarker: query.encode(last), NextVersionIdMarker: 'null' }),
        Version: contents(query, objects, true).map((object) => ({
          ...object,
          VersionId: 'null',
          IsLatest: true,
        })),
        CommonPrefixes: prefixesOf(query, prefixes),
      }),
    );
  },
};

export function tokenOf(name: string): string {
  return Buffer.from(name).toString('base64url');
}

export function nameIn(token: string): string {
  const name = Buffer.from(token, 'base64url').toString('utf8');
  if (!/^[A-Za-z0-9_-]+$/.test(token) || tokenOf(name) !== token)
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  return name;
}
