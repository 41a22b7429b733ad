import type { Change } from '../../../shared/content/diff.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { EdgeCatalog, EdgeSite, Milestone, NeededObject, StagedObject } from '../../store/catalog.ts';
import { type Cover, isHeldAlways, sameCover, WHOLE } from '../../store/cover.ts';
import { matchBases } from '../fetch/base-match.ts';
import type { ObjectFetch } from '../fetch/object-fetch.ts';
import type { ObjectSource } from '../fetch/object-source.ts';
import type { Transfer } from '../upstream/transfer.ts';
import { AbsentObjects, type PathObject } from './absent-objects.ts';
import { isHeld, newestHeld } from './alias-plan.ts';
import { stageByComparison } from './compare.ts';

/**
 * The number of changes in one page. With fewer, more transactions would write the index of digests, most of which changes
 * in each. With more, other calls of the catalog would wait longer.
 */
const STAGE_PAGE = 2000;
const SEAL_PAGE = 16_384;
const CLEAR_PAGE = 5000;
/**
 * The number of rows in one page. Objects are fetched in the order of their paths, so that similar ones travel
 * together.
 */
const OBJECT_PAGE = 10_000;
const REMOVALS = 20_000;
const MOST_LINES = 20_000_000;

export interface SyncParts {
  readonly catalog: EdgeCatalog;
  readonly objects: ObjectFetch;
}

/** Reports how many bytes are still to be fetched. */
export type Progress = (pendingBytes: number) => void;

/**
 * Fetches a revision of one site while an earlier one is still served: stages the manifest, compares its root with the
 * signed one, and fetches the missing objects. The active revision is not affected. `reveal` in the catalog then makes
 * the new one active by changing one row.
 */
export async function prepareRevision(
  parts: SyncParts,
  source: ObjectSource,
  site: EdgeSite,
  milestone: Milestone,
  cover: Cover,
  progress: Progress,
  transfer: Transfer,
): Promise<void> {
  const { revision } = milestone;
  // On an edge with full storage, nothing is left to do. On a lazy edge, the pinned paths may have changed since, and
  // checking its few objects is cheap.
  if (site.prepared === revision && cover.pinned === null) return;

  // A diff from nothing that puts no more files than were signed, and leads to the signed root, names exactly the
  // objects of the revision.
  const isExact = newestHeld(site) === 0 && milestone.files !== null && sameCover(cover, WHOLE);
  const absent = isExact ? new AbsentObjects(parts.objects) : undefined;
  const lacking = isHeld(site, revision)
    ? undefined
    : await stageManifest(parts, source, site, milestone, transfer, absent);
  if (lacking !== undefined) await fetchLacking(parts, source, lacking, progress, transfer);
  else if (sameCover(site.covers, cover))
    await fetchBeyondActive(parts, source, site, revision, cover, progress, transfer);
  else await fetchManifest(parts, source, site.id, revision, cover, progress, transfer);
}

/**
 * Stages the manifest of a revision over the newest one that is held here, and proves its root. After an interruption,
 * it continues or starts again, depending on the mark in the catalog. Returns the objects that the store lacks, if
 * `absent` has found out.
 */
export async function stageManifest(
  { catalog }: Pick<SyncParts, 'catalog'>,
  source: ObjectSource,
  site: EdgeSite,
  milestone: Milestone,
  transfer: Transfer,
  absent?: AbsentObjects,
): Promise<readonly PathObject[] | undefined> {
  const { upstream, self } = source;
  const { revision, root } = milestone;
  if (root === null) throw new SkerryError('upstream-protocol', `revision ${revision} has no root`);
  const from = newestHeld(site);
  if (revision <= from)
    throw new SkerryError(
      'internal',
      `revision ${revision} of ${site.name} comes after revision ${from} was taken in`,
    );
  return stage(root);

  async function stage(signed: Digest): Promise<readonly PathObject[] | undefined> {
    if (await isStaged(signed)) return undefined;
    try {
      return await stageDiff();
    } catch (error) {
      if (!(hasCode(error, 'no-longer-held') || hasCode(error, 'root-mismatch'))) throw error;
    }
    // The upstream no longer holds the revision from which the diff starts, or this edge has a different one. So the
    // edge compares the states and fetches the differences.
    await restart(signed);
    await stageByComparison({ catalog, upstream, self }, site.id, from, revision, transfer);
    await sealAndProve([]);
    return undefined;
  }

  /**
   * Whether an earlier attempt left the complete manifest with a verified root. If not, removes the rows that it left.
   */
  async function isStaged(signed: Digest): Promise<boolean> {
    while (true) {
      const { resumed, leftover } = await catalog.beginStaging(site.id, revision, signed);
      if (resumed) return true;
      if (leftover === undefined) return false;
      await unstage(catalog, site.id, leftover, transfer.signal);
    }
  }

  async function restart(signed: Digest): Promise<void> {
    await unstage(catalog, site.id, revision, transfer.signal);
    await catalog.beginStaging(site.id, revision, signed);
  }

  /**
   * Stages the diff and verifies the result. Most diffs fit in one page and need only one call of the catalog. Of a
   * larger one, the catalog's thread stages a page while this one decodes the next.
   */
  async function stageDiff(): Promise<readonly PathObject[] | undefined> {
    let changes: Change[] = [];
    let count = 0;
    let puts = 0;
    let staged: Promise<void> = Promise.resolve();
    for await (const change of upstream.diff(self, { site: site.id, from, to: revision }, transfer)) {
      changes.push(change);
      // A diff cannot add more files than the origin signed, or remove more than exist. An upstream that sends more
      // might never stop, or might have read the diff from a damaged disk. The edge then compares its state with the
      // upstream's current state instead.
      if (change.kind === 'put') puts++;
      if ((milestone.files !== null && puts > milestone.files) || ++count > MOST_LINES)
        throw new SkerryError('root-mismatch', `revision ${revision} has more files than were signed`);
      if (changes.length < STAGE_PAGE) continue;
      await staged;
      await absent?.next(changes);
      staged = catalog.stage(site.id, revision, changes);
      // Its failure is thrown when the next page is ready. If the diff fails first, that is the failure that counts.
      staged.catch(() => {});
      changes = [];
    }
    await staged;
    await absent?.next(changes);
    await sealAndProve(changes);
    return absent?.end();
  }

  async function sealAndProve(lastChanges: readonly Change[]): Promise<void> {
    let { sealed, root: own } = await catalog.stageLast(site.id, revision, lastChanges, SEAL_PAGE);
    while (sealed !== undefined) sealed = await catalog.sealLeaves(site.id, revision, sealed, SEAL_PAGE);
    own ??= await catalog.sealRoot(site.id, revision);
    if (own !== root) {
      throw new SkerryError('root-mismatch', `revision ${revision} of ${site.name} has the root ${own} here`);
    }
    await catalog.proveStaging(site.id, own);
  }
}

async function fetchLacking(
  { objects }: SyncParts,
  source: ObjectSource,
  lacking: readonly PathObject[],
  progress: Progress,
  transfer: Transfer,
): Promise<void> {
  let left = sum(lacking);
  progress(left);
  const arrived = (bytes: number) => {
    left -= bytes;
    progress(Math.max(0, left));
  };
  await objects.fetch(source, [...lacking].sort(byPath), new Map(), arrived, transfer);
}

/**
 * Fetches the missing objects of a revision whose manifest is held. Objects of the active revision are complete already.
 */
export async function fetchBeyondActive(
  { catalog, objects }: SyncParts,
  source: ObjectSource,
  { id, active }: EdgeSite,
  revision: number,
  cover: Cover,
  progress: Progress,
  transfer: Transfer,
): Promise<void> {
  let [left, removals] = await Promise.all([
    catalog.bytesBeyond(id, revision, active.revision),
    catalog.stagedRemovals(id, revision, REMOVALS),
  ]);
  progress(left);
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: { objects: StagedObject[]; next: number | undefined } = await catalog.objectsBeyond(
      id,
      revision,
      active.revision,
      after,
      OBJECT_PAGE,
    );
    const needed = page.objects.filter(({ path }) => isHeldAlways(path, cover)).sort(byPath);
    left -= sum(page.objects) - sum(needed);
    const bases = matchBases(needed, removals);
    await objects.fetch(source, needed, bases, arrived, transfer);
    after = page.next;
  }
  function arrived(bytes: number): void {
    left -= bytes;
    progress(Math.max(0, left));
  }
}

/**
 * Fetches every missing object of a stored manifest, after the set of objects to hold has changed or the disk has lost
 * some.
 */
export async function fetchManifest(
  { catalog, objects }: SyncParts,
  source: ObjectSource,
  site: number,
  revision: number,
  cover: Cover,
  progress: Progress,
  transfer: Transfer,
): Promise<void> {
  let cursor: Awaited<ReturnType<EdgeCatalog['manifestPage']>>['next'];
  do {
    const page = await catalog.manifestPage(site, revision, cursor, OBJECT_PAGE);
    const needed = page.entries.filter(({ path }) => isHeldAlways(path, cover)).sort(byPath);
    let left = sum(needed);
    const arrived = (bytes: number) => {
      left -= bytes;
      progress(Math.max(0, left));
    };
    await objects.fetch(source, needed, new Map(), arrived, transfer);
    cursor = page.next;
  } while (cursor !== undefined);
}

/** Removes staged rows, a page at a time. */
export async function unstage(
  catalog: EdgeCatalog,
  site: number,
  revision: number,
  signal: AbortSignal,
): Promise<void> {
  while (await catalog.unstage(site, revision, CLEAR_PAGE)) signal.throwIfAborted();
  await catalog.endStaging(site);
}

const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

const sum = (objects: readonly Pick<NeededObject, 'size'>[]) =>
  objects.reduce((total, { size }) => total + size, 0);
