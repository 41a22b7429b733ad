import type { Gate } from '../../../shared/concurrency/gate.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import type { Bucket } from '../../../shared/content/manifest/buckets.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { damagedObjects } from '../../../shared/store/damaged-objects.ts';
import type { Rest } from '../../../shared/store/digest-of-stream.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';
import { differing } from '../../../shared/wire/bucket-list.ts';
import type { VerifiedSite, VerifyResult } from '../../../shared/work/verify.ts';
import type { ObjectFetch } from '../../follow/fetch/object-fetch.ts';
import { allLeavesOf, remakeDigests, stageLeaves } from '../../follow/sync/compare.ts';
import { isWanted } from '../../follow/sync/next-step-plan.ts';
import { fetchManifest } from '../../follow/sync/site-sync.ts';
import type { EdgeCatalog, EdgeSite } from '../../store/catalog.ts';
import { type Cover, isHeldAlways, isServed } from '../../store/cover.ts';
import type { Run } from '../executor/executor.ts';
import { audit, rootOf } from './audit.ts';
import { giveUpNewer, type KeptParts, mendKept } from './kept-manifests.ts';
import { VerifyTally } from './verify-tally.ts';

const PAGE = 2000;

export interface VerifyParts extends KeptParts {
  readonly store: ObjectStore;
  readonly objects: ObjectFetch;
  /** Objects are removed only while their remover holds this gate exclusively. */
  readonly gate: Gate;
  readonly readers: { forget(digests: readonly Digest[]): void };
  /** Fetches again what was given up or removed. */
  readonly loops: { wake(): Promise<unknown> };
}

/** The scope of a verification. */
export interface Verified {
  /** One site, or all of them. */
  readonly site?: string | undefined;
  readonly repair: boolean;
  /** Whether to verify the objects that no active revision needs, too. */
  readonly others: boolean;
}

export interface VerifyRun extends Pick<Run, 'signal' | 'progress'> {
  readonly rest?: Rest | undefined;
}

/**
 * Reads what is on disk and compares it with what the origin signed. It removes a damaged object immediately, so that
 * no reader gets it any more. With `repair`, it fetches the objects of active revisions again, and the loops of the
 * sites fetch those that only aliases and rollouts show.
 */
export async function verifyReplica(
  parts: VerifyParts,
  { site: name, repair, others }: Verified,
  run: VerifyRun,
): Promise<VerifyResult> {
  const tally = new VerifyTally();
  const seen = new Set<Digest>();
  const looked = () => run.progress({ objects: seen.size });
  // The edge no longer follows a site that it no longer wants, so the remaining data of that site cannot be repaired.
  const wanted = (await parts.catalog.sites()).filter((site) => isWanted(site, parts.limits));
  const named = name === undefined ? wanted : wanted.filter((site) => site.name === name);
  if (name !== undefined && named.length === 0)
    throw new SkerryError('no-such-site', `this edge has no site ${name}`);
  for (const site of named.filter(({ active }) => active.revision > 0))
    tally.add(await verifySite(parts, site, { seen, repair, mostPaths: tally.pathsLeft, looked }, run));
  const rest = others ? await verifyOthers(parts, seen, run, looked) : { objects: 0, damaged: 0 };
  if (rest.damaged > 0) for (const site of wanted) await refillIfNewer(parts, site, run.signal);
  // The loops compare kept revisions with the store again. The disk may have lost objects of theirs, too.
  if (repair || rest.damaged > 0) await parts.catalog.clearPrepared();
  await parts.loops.wake();
  return tally.result(rest);
}

/**
 * Checks the objects that no active revision needs. Otherwise, a later revision that needs a damaged object would treat
 * it as intact.
 */
async function verifyOthers(
  { catalog, store, gate, readers }: VerifyParts,
  seen: Set<Digest>,
  { signal, rest }: VerifyRun,
  looked: () => void,
): Promise<VerifyResult['others']> {
  let objects = 0;
  let damaged = 0;
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: Awaited<ReturnType<EdgeCatalog['allObjects']>> = await catalog.allObjects(after, PAGE);
    const unseen = [...new Set(page.digests)].filter((digest) => !seen.has(digest));
    for (const digest of unseen) seen.add(digest);
    const absent = new Set(await store.missing(unseen));
    const stored = unseen.filter((digest) => !absent.has(digest)).map((digest) => ({ digest }));
    const found = (await damagedObjects(store, stored, signal, rest)).map(({ digest }) => digest);
    // Pruning or the disk budget may have deleted other objects in the meantime.
    const gone = new Set(await store.missing(found));
    const bad = found.filter((digest) => !gone.has(digest));
    objects += stored.length;
    damaged += bad.length;
    if (bad.length > 0) {
      await gate.alone(async () => {
        await store.remove(bad);
        readers.forget(bad);
        // A prepared revision may need these objects.
        await catalog.clearPrepared();
      });
    }
    looked();
    after = page.next;
  }
  return { objects, damaged };
}

/**
 * Fetches missing objects of the active revision, unless it is still the one that was verified. The loop of the site may
 * have found an object in the store just before it was removed as damaged, and made a revision active that needs it.
 * Such a loop holds the lock until then. One that takes it later finds the object missing.
 */
function refillIfNewer(parts: VerifyParts, verified: EdgeSite, signal: AbortSignal): Promise<void> {
  const { catalog, manifests, source } = parts;
  return manifests.run(verified.id, async () => {
    const site = await catalog.site(verified.id);
    if (site === undefined || site.active.revision === verified.active.revision) return;
    const transfer = { signal, bandwidths: [] };
    await fetchManifest(parts, source, site.id, site.active.revision, site.covers, () => {}, transfer);
  });
}

interface SiteOptions {
  /** The objects that were already checked. */
  readonly seen: Set<Digest>;
  readonly repair: boolean;
  /** The damaged files that the result may name. */
  readonly mostPaths: number;
  readonly looked: () => void;
}

async function verifySite(
  parts: VerifyParts,
  site: EdgeSite,
  { seen, repair, mostPaths, looked }: SiteOptions,
  { signal, rest }: VerifyRun,
): Promise<VerifiedSite> {
  const { catalog, store, source } = parts;
  const { id, name, active, covers } = site;
  signal.throwIfAborted();
  const { nodes, isStored } = await audit(catalog, id, active.revision);
  const isSound = isStored && rootOf(nodes) === active.root;
  const mended = !isSound && repair && (await mendManifest(parts, site, nodes, signal));
  const isRestSound = !repair || (await mendKept(parts, site.id, signal));
  const own = new Set<Digest>();
  const paths: string[] = [];
  let damaged = 0;
  let bytes = 0;
  let cursor: Awaited<ReturnType<EdgeCatalog['manifestPage']>>['next'];
  do {
    const page = await catalog.manifestPage(id, active.revision, cursor, PAGE);
    const held = (await heldEntries(parts, withChunkLists(page.entries), covers)).filter(
      ({ digest }) => !own.has(digest),
    );
    for (const entry of held) {
      own.add(entry.digest);
      seen.add(entry.digest);
      bytes += entry.size;
    }
    const bad = await stillMeant(parts, covers, await damagedObjects(store, held, signal, rest));
    if (bad.length > 0) {
      const digests = [...new Set(bad.map(({ digest }) => digest))];
      await store.remove(digests);
      parts.readers.forget(digests);
      damaged += bad.length;
      paths.push(...bad.slice(0, mostPaths - paths.length).map(({ path }) => path));
    }
    looked();
    cursor = page.next;
  } while (cursor !== undefined);
  const result = {
    name,
    revision: active.revision,
    manifest: manifestState(isSound && isRestSound, mended && isRestSound),
    objects: own.size,
    bytes,
    damaged,
    paths,
  };
  if (!repair || damaged === 0) return { ...result, repaired: false };
  await fetchManifest(parts, source, id, active.revision, covers, () => {}, { signal, bandwidths: [] });
  return { ...result, repaired: true };
}

function manifestState(isSound: boolean, isMended: boolean): VerifiedSite['manifest'] {
  if (isSound) return 'sound';
  return isMended ? 'mended' : 'damaged';
}

/**
 * Adds an entry for each chunk list, which is an object, too. An edge needs the chunk lists of the objects that it
 * holds: its children request them, and the next version of a file is fetched chunk by chunk. The bytes of chunk lists
 * are not counted.
 */
function withChunkLists(entries: readonly Entry[]): Entry[] {
  return entries.flatMap((entry) =>
    entry.chunks === null ? [entry] : [entry, { ...entry, digest: entry.chunks, size: 0, chunks: null }],
  );
}

/** The entries whose objects the edge must hold. On a lazy edge, also the entries whose objects it happens to hold. */
async function heldEntries(
  { store }: Pick<VerifyParts, 'store'>,
  entries: readonly Entry[],
  covers: Cover,
): Promise<Entry[]> {
  const digests = entries.map(({ digest }) => digest);
  const absent = new Set(covers.pinned === null ? [] : await store.missing(digests));
  return entries.filter(
    ({ path, digest }) => isHeldAlways(path, covers) || (isServed(path, covers) && !absent.has(digest)),
  );
}

/** Leaves out objects that a lazy edge has deleted since they were checked. */
async function stillMeant(
  { store }: Pick<VerifyParts, 'store'>,
  covers: Cover,
  damaged: readonly Entry[],
): Promise<Entry[]> {
  const gone = new Set(await store.missing(damaged.map(({ digest }) => digest)));
  return damaged.filter(({ path, digest }) => isHeldAlways(path, covers) || !gone.has(digest));
}

/**
 * Replaces the entries of the damaged nodes in place. Does nothing while a revision is being staged, because staging
 * ends rows that this function compares. Returns whether the manifest is sound now.
 */
function mendManifest(
  parts: VerifyParts,
  site: EdgeSite,
  own: readonly Bucket[],
  signal: AbortSignal,
): Promise<boolean> {
  return parts.manifests.run(site.id, async () => {
    const now = await parts.catalog.site(site.id);
    // Another revision has become active since the check or is being staged, so nothing can be repaired in place.
    if (now === undefined || now.staging !== null || now.active.revision !== site.active.revision)
      return false;
    await giveUpNewer(parts, now, signal);
    return mendAlone(parts, now, own, signal);
  });
}

async function mendAlone(
  { catalog, source }: VerifyParts,
  { id, active, covers }: EdgeSite,
  own: readonly Bucket[],
  signal: AbortSignal,
): Promise<boolean> {
  const transfer = { signal, bandwidths: [] };
  const theirs = await source.upstream.nodes(source.self, id, active.revision, transfer);
  const leaves = differing(own, theirs).flatMap(allLeavesOf);
  await stageLeaves({ catalog, ...source }, id, active.revision, leaves, transfer);
  await remakeDigests(catalog, id, active.revision);
  // A later step of a sync makes staged rows durable. This repair has no later step.
  await catalog.setCovers(id, covers);
  return rootOf((await audit(catalog, id, active.revision)).nodes) === active.root;
}
