import { leafOf, NODE_COUNT } from '../../../shared/content/buckets.ts';
import type { Change } from '../../../shared/content/diff.ts';
import { digestFromBytes } from '../../../shared/content/digest.ts';
import { type Entry, entryHash } from '../../../shared/content/entry.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { differing } from '../../../shared/wire/bucket-list.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import type { Caller, Transfer } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';

const LEAVES_PER_REQUEST = 512;
/** Of one request's leaves: more than ten times what a site of a million files has there. Who sends more never ends. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Of an entry, beside its path, its type and its metadata. */
const ENTRY_BYTES = 200;

export interface CompareParts {
  readonly catalog: EdgeCatalog;
  readonly upstream: Upstream;
  readonly caller: Caller;
}

/**
 * Stages what makes the staged state that of the upstream, whatever was missed or damaged: nodes are compared,
 * then the leaves of those that differ, then the entries of those that differ. What comes is proven afterwards
 * like any diff: the root that it leads to must be the one that the origin signed.
 */
export async function stageByComparison(
  parts: CompareParts,
  site: number,
  revision: number,
  transfer: Transfer,
): Promise<void> {
  const { catalog, upstream, caller } = parts;
  const nodes = differing(
    await catalog.nodesAt(site, revision),
    await upstream.nodes(caller, site, revision, transfer),
  );
  if (nodes.length === 0) return;
  const own = await catalog.leavesAt(site, revision, nodes);
  const leaves = differing(own, await upstream.leaves(caller, site, revision, nodes, transfer));
  // A node that differs though none of its leaves does is wrong by itself: sealing its leaves computes it anew.
  await catalog.resealLeaves(
    site,
    revision,
    own.map(({ number }) => number),
  );
  await stageLeaves(parts, site, revision, leaves, transfer);
}

/** Makes the stored digests of the newest revealed revision those of its entries: what is computed from them is right. */
export async function remakeDigests(catalog: EdgeCatalog, site: number, revision: number): Promise<void> {
  for (let node = 0; node < NODE_COUNT; node++) await catalog.remakeNode(site, revision, node);
}

/** Makes the entries of these leaves those of the upstream, and seals the leaves. */
export async function stageLeaves(
  { catalog, upstream, caller }: CompareParts,
  site: number,
  revision: number,
  leaves: readonly number[],
  transfer: Transfer,
): Promise<void> {
  for (let i = 0; i < leaves.length; i += LEAVES_PER_REQUEST) {
    const some = leaves.slice(i, i + LEAVES_PER_REQUEST);
    const theirs = await entriesOf(upstream.entries(caller, site, revision, some, transfer), new Set(some));
    const own = (await Promise.all(some.map((leaf) => catalog.leafEntries(site, revision, leaf)))).flat();
    await catalog.stage(site, revision, changesBetween(own, theirs));
    await catalog.resealLeaves(site, revision, some);
  }
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
      throw new SkerryError('upstream-protocol', 'the entries are not of the leaves asked for');
    bytes += sizeOf(change.entry);
    if (bytes > MOST_BYTES)
      throw new SkerryError('upstream-protocol', 'the entries of some leaves do not end');
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
