import { type Digest, digestOf } from './digest.ts';

/**
 * What a publisher decides about a file. Digests over it tell whether a folder equals a revision: unlike the digest of a
 * bucket, they leave out the times, which only the origin knows.
 */
export interface ContentOfPath {
  readonly path: string;
  readonly digest: Digest;
  readonly type: string;
  /** The stored metadata as JSON, `[]` when there is none. */
  readonly meta: string;
}

/** No part contains a line feed. The origin makes the same text in its database. */
export function contentText({ path, digest, type, meta }: ContentOfPath): string {
  return `${digest}\n${type}\n${meta}\n${path}\n`;
}

/** The digest of a node, from the texts of its files by leaf and then by path. Null when the node has no file. */
export function contentDigest(texts: readonly string[]): Digest | null {
  return texts.length === 0 ? null : digestOf(texts.join(''));
}
