import { Type } from 'typebox';
import { schema } from '../../shared/json/schema.ts';
import type { Tags } from '../catalog/bucket-object.ts';
import { readXml } from './protocol/read-xml.ts';
import { S3Error } from './protocol/s3-error.ts';
import { xmlDocument } from './protocol/write-xml.ts';

/** The limits of S3, in characters. */
const MOST_DOCUMENT_TAGS = 50;
const MOST = { tags: 10, key: 128, value: 256 };

const tagging = schema(
  Type.Object({
    TagSet: Type.Union([
      Type.Object({
        Tag: Type.Optional(Type.Array(Type.Object({ Key: Type.String(), Value: Type.String() }))),
      }),
      Type.String({ pattern: '^\\s*$' }),
    ]),
  }),
);

/** Reads a `Tagging` document. Throws `MalformedXML` and `InvalidTag`. */
export function tagsOfDocument(bytes: Buffer): Tags {
  const { TagSet } = readXml(bytes, { name: 'Tagging', items: MOST_DOCUMENT_TAGS }, tagging);
  const tags = typeof TagSet === 'string' ? [] : (TagSet.Tag ?? []);
  return checked(tags.map(({ Key, Value }) => [Key, Value] as const));
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The tags that a request gives to the object that it puts. Throws `InvalidTag`. */
export function tagsOfHeader(headers: Headers): Tags | undefined {
  const text = headers['x-amz-tagging'];
  return text === undefined ? undefined : checked([...new URLSearchParams(String(text))]);
}

export function tagsDocument(tags: Tags = []): string {
  return xmlDocument('Tagging', { TagSet: { Tag: tags.map(([Key, Value]) => ({ Key, Value })) } });
}

function checked(tags: Tags): Tags {
  if (tags.length > MOST.tags)
    throw new S3Error('InvalidTag', `Object tags cannot be greater than ${MOST.tags}`);
  for (const [key, value] of tags) {
    if (key === '' || [...key].length > MOST.key)
      throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid');
    if ([...value].length > MOST.value)
      throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid');
  }
  if (new Set(tags.map(([key]) => key)).size < tags.length)
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key');
  return tags;
}
