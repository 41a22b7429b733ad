import type { Change } from '../../shared/diff.ts';
import type { Digest } from '../../shared/digest.ts';
import { hasCode, SkerryError } from '../../shared/errors.ts';
import type { EdgeCatalog, EdgeSite } from '../store/catalog.ts';
import type { ObjectFetch } from './object-fetch.ts';
import type { Caller, Upstream } from './upstream.ts';

const STAGE_PAGE = 1000;
const SEAL_PAGE = 4096;
const CLEAR_PAGE = 5000;
const OBJECT_PAGE = 4000;

export interface SyncParts {
  readonly catalog: EdgeCatalog;
  readonly upstream: Upstream;
  readonly caller: Caller;
  readonly objects: ObjectFetch;
}

/**
 * Brings one site to its target beside what is served: stages the manifest, proves its root against the signed
 * one, fetches what is missing, and reveals all of it by one row. Interrupted anywhere, it goes on or starts
 * over from what the mark in the catalog says; the active revision never notices.
 */
export async function syncSite(
  { catalog, upstream, caller, objects }: SyncParts,
  site: EdgeSite,
  pending: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { revision, root } = site.target;
  if (root === null) throw new SkerryError('upstream-protocol', `revision ${revision} has no root`);

  await stageManifest(root);
  let left = await catalog.stagedBytes(site.id, revision);
  pending(left);
  const arrived = (bytes: number) => {
    left -= bytes;
    pending(left);
  };
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page = await catalog.stagedObjects(site.id, revision, after, OBJECT_PAGE);
    await objects.fetch(page.objects, arrived, signal);
    after = page.next;
  }
  await catalog.reveal(site.id, site.target);

  async function stageManifest(signed: Digest): Promise<void> {
    if (await isStaged(signed)) return;
    try {
      await stageDiff(site.active.revision);
      await prove(signed);
    } catch (error) {
      if (!hasCode(error, 'no-longer-held') && !hasCode(error, 'root-mismatch')) throw error;
      // The diff's starting point is gone there, or not here what it is there: take the whole manifest.
      await restart(signed);
      await clear();
      await stageDiff(0);
      await prove(signed);
    }
  }

  /** Whether an earlier try left the whole manifest, proven; else makes way for a new one. */
  async function isStaged(signed: Digest): Promise<boolean> {
    while (true) {
      const { resumed, leftover } = await catalog.beginStaging(site.id, revision, signed);
      if (resumed) return true;
      if (leftover === undefined) return false;
      await unstage(leftover);
    }
  }

  async function restart(signed: Digest): Promise<void> {
    await unstage(revision);
    await catalog.beginStaging(site.id, revision, signed);
  }

  async function unstage(leftover: number): Promise<void> {
    while (await catalog.unstage(site.id, leftover, CLEAR_PAGE)) signal.throwIfAborted();
    await catalog.endStaging(site.id);
  }

  async function clear(): Promise<void> {
    while (await catalog.stageClear(site.id, revision, CLEAR_PAGE)) signal.throwIfAborted();
  }

  async function stageDiff(from: number): Promise<void> {
    let changes: Change[] = [];
    for await (const change of upstream.diff(caller, { site: site.id, from, to: revision }, signal)) {
      changes.push(change);
      if (changes.length < STAGE_PAGE) continue;
      await catalog.stage(site.id, revision, changes);
      changes = [];
    }
    await catalog.stage(site.id, revision, changes);
  }

  async function prove(signed: Digest): Promise<void> {
    let leaf: number | undefined = -1;
    while (leaf !== undefined) leaf = await catalog.sealLeaves(site.id, revision, leaf, SEAL_PAGE);
    const own = await catalog.sealRoot(site.id, revision);
    if (own !== signed) {
      throw new SkerryError('root-mismatch', `revision ${revision} of ${site.name} has the root ${own} here`);
    }
    await catalog.proveStaging(site.id, signed);
  }
}
