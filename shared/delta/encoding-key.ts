import type { DiffRange } from '../content/diff.ts';
import { type Digest, digestOf } from '../content/digest.ts';

/**
 * What identifies an encoding: its kind, what was asked for, and what it is coded against. A parent that forwards an
 * encoding and the origin that made it agree on it.
 */
export type EncodingKey = string & { readonly brand: 'encoding-key' };

export function objectKey(digest: Digest, dictionary: Digest | undefined): EncodingKey {
  return key('object', digest, dictionary ?? '');
}

/** What a bundle may be coded against: the names of the objects, and the digest of their concatenation. */
export interface NamedDictionary {
  readonly names: string;
  readonly digest: Digest;
}

/**
 * The names of the dictionary count too: under other names the same digest is not found, and nothing is coded against
 * it. So do the ids of the sites in which names are looked up; null for all.
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

/** No part contains a space. */
function key(kind: 'object' | 'bundle' | 'diff', ...parts: readonly string[]): EncodingKey {
  return [kind, ...parts].join(' ') as EncodingKey;
}
