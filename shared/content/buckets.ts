import { hash } from 'node:crypto';
import { type Digest, digestOf } from './digest.ts';

/**
 * The two levels of hash buckets under a root digest (anti-entropy trees as in Dynamo and Cassandra): a path belongs to
 * the leaf that the first two bytes of SHA-256(path) name, and a leaf belongs to the node that the first byte names. A
 * change to k paths touches at most k leaves, k nodes and the root.
 */
export const LEAF_COUNT = 65_536;
export const NODE_COUNT = 256;
const LEAVES_PER_NODE = LEAF_COUNT / NODE_COUNT;

export function leafOf(path: string): number {
  // Node makes a text faster than a buffer.
  return Number.parseInt(hash('sha256', path, 'hex').slice(0, 4), 16);
}

export function nodeOf(leaf: number): number {
  return Math.floor(leaf / LEAVES_PER_NODE);
}

export function leavesOf(node: number): { first: number; last: number } {
  return { first: node * LEAVES_PER_NODE, last: (node + 1) * LEAVES_PER_NODE - 1 };
}

/**
 * A leaf's digest: the SHA-256 of its entry hashes, in the byte order of their UTF-8 paths. Null when the leaf is
 * empty.
 */
export function leafDigest(entryHashes: readonly Uint8Array[]): Buffer | null {
  const [first, second] = entryHashes;
  if (first === undefined) return null;
  return hash('sha256', second === undefined ? first : Buffer.concat(entryHashes), 'buffer');
}

/**
 * A node's digest over its non-empty leaves in ascending order, each as number (u16, big-endian) and digest. Null when
 * the node is empty.
 */
export function nodeDigest(leaves: readonly { id: number; digest: Uint8Array }[]): Buffer | null {
  return leaves.length === 0 ? null : hash('sha256', numbered(leaves), 'buffer');
}

/** The root digest over the non-empty nodes in ascending order. The empty site has a root too. */
export function rootDigest(nodes: readonly { id: number; digest: Uint8Array }[]): Digest {
  return digestOf(Buffer.concat([ROOT, numbered(nodes)]));
}

const ROOT = Buffer.from('skerry-root-1\n');

function numbered(children: readonly { id: number; digest: Uint8Array }[]): Buffer {
  const bytes = Buffer.alloc(children.reduce((sum, { digest }) => sum + 2 + digest.length, 0));
  let at = 0;
  for (const { id, digest } of children) {
    bytes.set(digest, bytes.writeUInt16BE(id, at));
    at += 2 + digest.length;
  }
  return bytes;
}

export const EMPTY_ROOT = rootDigest([]);
