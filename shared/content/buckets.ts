import { createHash, hash } from 'node:crypto';
import { type Digest, digestFromBytes } from './digest.ts';

/**
 * The two levels of hash buckets under a root digest (anti-entropy trees as in Dynamo and Cassandra): a path belongs to
 * the leaf that the first two bytes of SHA-256(path) name, and a leaf belongs to the node that the first byte names. A
 * change to k paths touches at most k leaves, k nodes and the root.
 */
export const LEAF_COUNT = 65_536;
export const NODE_COUNT = 256;
const LEAVES_PER_NODE = LEAF_COUNT / NODE_COUNT;

export function leafOf(path: string): number {
  return hash('sha256', path, 'buffer').readUInt16BE(0);
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
  if (entryHashes.length === 0) return null;
  const hasher = createHash('sha256');
  for (const entry of entryHashes) hasher.update(entry);
  return hasher.digest();
}

/**
 * A node's digest over its non-empty leaves in ascending order, each as number (u16, big-endian) and digest. Null when
 * the node is empty.
 */
export function nodeDigest(leaves: readonly { id: number; digest: Uint8Array }[]): Buffer | null {
  return leaves.length === 0 ? null : numbered(createHash('sha256'), leaves).digest();
}

/** The root digest over the non-empty nodes in ascending order. The empty site has a root too. */
export function rootDigest(nodes: readonly { id: number; digest: Uint8Array }[]): Digest {
  return digestFromBytes(numbered(createHash('sha256').update('skerry-root-1\n'), nodes).digest());
}

function numbered(
  hasher: ReturnType<typeof createHash>,
  children: readonly { id: number; digest: Uint8Array }[],
) {
  const id = Buffer.alloc(2);
  for (const child of children) {
    id.writeUInt16BE(child.id);
    hasher.update(id).update(child.digest);
  }
  return hasher;
}

export const EMPTY_ROOT = rootDigest([]);
