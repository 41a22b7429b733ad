import { LEAF_COUNT, leafOf, leavesOf, NODE_COUNT } from '../../../shared/content/buckets.ts';
import type { Change } from '../../../shared/content/diff.ts';
import { digestFromBytes } from '../../../shared/content/digest.ts';
import { type Entry, entryHash } from '../../../shared/content/entry.ts';
import type { Bucket } from '../../../shared/content/manifest/buckets.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { differing } from '../../../shared/wire/bucket-list.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import type { Self, Transfer } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';

const LEAVES_PER_REQUEST = 512;
/**
 * The maximum number of bytes of the entries in one answer. A site of a million files needs less than a tenth of this.
 * Without a limit, an upstream could send entries for ever.
 */
const MOST_BYTES = 32 * 1024 * 1024;
/** The memory that an entry takes in addition to its path, its type and its metadata. */
const ENTRY_BYTES = 200;

export interface CompareParts {
  readonly catalog: EdgeCatalog;
  readonly upstream: Upstream;
  readonly self: Self;
}

/**
 * Stages the changes that lead from the active revision to the upstream's `revision`, even if diffs were missed or the
 * manifest is damaged. It compares the nodes, then the leaves of the nodes that differ, then the entries of the leaves
 * that differ. No changes may be staged before the call. Afterwards, the caller verifies the result like that of any
 * diff: the root must be the one that the origin signed.
 */
export async function stageByComparison(
  parts: CompareParts,
  site: number,
  active: number,
  revision: number,
  transfer: Transfer,
): Promise<void> {
  const { catalog, upstream, self } = parts;
  const theirs = await upstream.nodes(self, site, revision, transfer);
  // If the digest of a node or a leaf is lost on disk, the node or leaf looks empty. If it is really empty at the
  // upstream, the comparison would not find the entries that this edge still has, although the root would match.
  if (active > 0)
    await remakeDigests(catalog, site, active, sameIn(await catalog.nodesAt(site, active), theirs));
  const nodes = differing(await catalog.nodesAt(site, revision), theirs);
  if (nodes.length === 0) return;
  const leaves = differing(
    await catalog.leavesAt(site, revision, nodes),
    await upstream.leaves(self, site, revision, nodes, transfer),
  );
  await stageLeaves(parts, site, revision, leaves, transfer);
}

/**
 * Recomputes the stored digests of the newest revealed revision from its entries, so that the digests match the
 * entries. No changes may be staged.
 */
export async function remakeDigests(
  catalog: EdgeCatalog,
  site: number,
  revision: number,
  except: ReadonlySet<number> = new Set(),
): Promise<void> {
  for (let node = 0; node < NODE_COUNT; node++)
    if (!except.has(node)) await catalog.remakeNode(site, revision, node);
}

function sameIn(own: readonly Bucket[], theirs: readonly Bucket[]): ReadonlySet<number> {
  const different = new Set(differing(own, theirs));
  return new Set(own.map(({ number }) => number).filter((number) => !different.has(number)));
}

/** Stages the upstream's entries of these leaves, and seals the leaves. */
export async function stageLeaves(
  { catalog, upstream, self }: CompareParts,
  site: number,
  revision: number,
  leaves: readonly number[],
  transfer: Transfer,
): Promise<void> {
  for (let i = 0; i < leaves.length; i += LEAVES_PER_REQUEST) {
    const some = leaves.slice(i, i + LEAVES_PER_REQUEST);
    const theirs = await entriesOf(upstream.entries(self, site, revision, some, transfer), new Set(some));
    const own = (await Promise.all(some.map((leaf) => catalog.leafEntries(site, revision, leaf)))).flat();
    await catalog.stage(site, revision, changesBetween(own, theirs));
    await catalog.resealLeaves(site, revision, some);
  }
}

/**
 * Replaces the entries of these nodes in a revision that is older than the active one by the upstream's, and changes no
 * other revision. Afterwards, the caller compares the root.
 */
export async function mendNodes(
  { catalog, upstream, self }: CompareParts,
  site: number,
  revision: number,
  nodes: readonly number[],
  transfer: Transfer,
): Promise<void> {
  for (const node of nodes) {
    const leaves = allLeavesOf(node);
    const theirs = await entriesOf(upstream.entries(self, site, revision, leaves, transfer), new Set(leaves));
    await catalog.mendNode(site, revision, node, [...theirs.values()]);
  }
}

export function allLeavesOf(node: number): number[] {
  const { first } = leavesOf(node);
  return Array.from({ length: LEAF_COUNT / NODE_COUNT }, (_, i) => first + i);
}

async function entriesOf(
  changes: AsyncIterable<Change>,
  leaves: ReadonlySet<number>,
): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  for await (const change of changes) {
    const isWanted = change.kind === 'put' && leaves.has(leafOf(change.entry.path));
    if (!isWanted || entries.has(change.entry.path))
      throw new SkerryError('upstream-protocol', 'the entries do not belong to the requested leaves');
    bytes += sizeOf(change.entry);
    if (bytes > MOST_BYTES)
      throw new SkerryError('upstream-protocol', 'the entries of some leaves are incomplete');
    entries.set(change.entry.path, change.entry);
  }
  return entries;
}

const sizeOf = ({ path, type, meta }: Entry) =>
  ENTRY_BYTES + path.length + type.length + JSON.stringify(meta).length;

function changesBetween(own: readonly Entry[], theirs: ReadonlyMap<string, Entry>): Change[] {
  const same = new Set<string>();
  const changes: Change[] = [];
  for (const entry of own) {
    const other = theirs.get(entry.path);
    if (other === undefined) changes.push({ kind: 'delete', path: entry.path });
    else if (hashOf(other) === hashOf(entry)) same.add(entry.path);
  }
  for (const entry of theirs.values()) if (!same.has(entry.path)) changes.push({ kind: 'put', entry });
  return changes;
}

const hashOf = (entry: Entry) => digestFromBytes(entryHash(entry));
