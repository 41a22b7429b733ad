import type { Entry, EntryMeta } from './entry.ts';

/** Fields that a publisher may store for a file, besides fields of its own, whose names begin with OWN_META. */
export const META_FIELDS: readonly string[] = ['cache-control', 'content-disposition', 'content-language'];
export const OWN_META = 'x-skerry-meta-';
/** The whole media type of a file, when it has parameters. It is stored only as a part of the file's type. */
export const WHOLE_TYPE = 'content-type';

/**
 * The limits of an entry's metadata. A pair counts its name, its value, and the 32 bytes that HTTP/2 counts for a field.
 * With the headers that rules may set, the head of a response stays below the 16 KiB that clients accept.
 */
export const MOST_META = { pairs: 32, bytes: 2048 } as const;
export const MAX_MEDIA_TYPE = 255;
const FIELD_BYTES = 32;

const NAME = /^[a-z0-9][a-z0-9_-]*$/;
/** Printable ASCII without spaces at either end, so that the value is the same before and after HTTP. */
const VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
/** A media type without parameters (RFC 6838, 4.2), in lower case. */
const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/;

/**
 * Why a media type and metadata break the form that the origin and its edges agree on. Undefined when they keep it. An
 * edge does not check which names there are, so that a later origin may store further ones.
 */
export function metaFault({ type, meta }: Pick<Entry, 'type' | 'meta'>): string | undefined {
  if (type.length > MAX_MEDIA_TYPE || !TYPE.test(type)) return `${shown(type)} is not a media type`;
  if (meta.length > MOST_META.pairs) return `there are more than ${MOST_META.pairs} pairs of metadata`;
  let bytes = 0;
  let before = '';
  for (const [name, value] of meta) {
    if (!NAME.test(name)) return `${shown(name)} is not a name of metadata in lower case`;
    if (name <= before) return `${name} is named twice, or is not in its place`;
    if (!VALUE.test(value))
      return `the value of ${name} is empty, has spaces at an end, or has characters other than printable ASCII`;
    bytes += FIELD_BYTES + name.length + value.length;
    before = name;
  }
  return bytes > MOST_META.bytes
    ? `the metadata has ${bytes} bytes (with ${FIELD_BYTES} more for each pair), and at most ${MOST_META.bytes} are allowed`
    : undefined;
}

/** Metadata in the order of the entry's tuple. */
export function inOrder(pairs: Iterable<readonly [name: string, value: string]>): EntryMeta {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
}

export function isSameMeta(a: EntryMeta, b: EntryMeta): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
