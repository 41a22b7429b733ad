import type { DiffRange } from '../content/diff.ts';
import { type Digest, digestOf } from '../content/digest.ts';

/**
 * Identifies an encoding by its kind, by what was requested, and by its dictionary. The origin that made an encoding
 * and a parent that forwards it compute the same key.
 */
export type EncodingKey = string & { readonly brand: 'encoding-key' };

export function objectKey(digest: Digest, dictionary: Digest | undefined): EncodingKey {
  return key('object', digest, dictionary ?? '');
}

/** The dictionary of a bundle: the names of the objects in it, and the digest of their concatenated bytes. */
export interface NamedDictionary {
  readonly names: string;
  readonly digest: Digest;
}

/**
 * The key covers the names in the dictionary as well as its digest, because an encoder that does not find the named
 * objects uses no dictionary. The key also covers the ids of the sites in which the names are looked up; null means all
 * sites.
 */
export function bundleKey(
  names: string,
  dictionary: NamedDictionary | undefined,
  sites: readonly number[] | null = null,
): EncodingKey {
  const within = sites === null ? '' : sites.join(',');
  return dictionary === undefined
    ? key('bundle', digestOf(names), within, '')
    : key('bundle', digestOf(names), within, dictionary.digest, digestOf(dictionary.names));
}

export function diffKey({ site, from, to }: DiffRange): EncodingKey {
  return key('diff', `${site}`, `${from}`, `${to}`);
}

/** No part contains a space, so the joined text is unambiguous. */
function key(kind: 'object' | 'bundle' | 'diff', ...parts: readonly string[]): EncodingKey {
  return [kind, ...parts].join(' ') as EncodingKey;
}
