import { filterInTurns } from '../../shared/concurrency/filter-in-turns.ts';
import type { Gate } from '../../shared/concurrency/gate.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { PurgeTarget } from '../../shared/site/purge.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { PartialObjects } from '../read-through/partial-objects.ts';
import type { EdgeCatalog, NamedObject } from '../store/catalog.ts';

const PAGE = 2000;
/** An object with more names than this counts as used elsewhere. */
const MOST_NAMES = 1000;

export interface DropParts {
  readonly catalog: Pick<EdgeCatalog, 'objectsOfPath' | 'objectsOfSite' | 'allNames'>;
  readonly store: ObjectStore;
  readonly partials: PartialObjects;
  readonly gate: Gate;
  readonly pinned: (digests: readonly Digest[]) => Promise<ReadonlySet<Digest>>;
}

/**
 * Removes the objects that matching paths of a site have held in any revision, unless another path names them. Returns
 * the removed objects. Pinned objects are kept, and are verified like the objects of an edge with full storage.
 */
export async function dropPurged(
  { catalog, store, partials, gate, pinned }: DropParts,
  site: number,
  target: PurgeTarget,
  matches: (path: string) => boolean,
  signal: AbortSignal,
): Promise<Digest[]> {
  const dropped: Digest[] = [];
  for await (const names of purgedNames(catalog, site, target)) {
    signal.throwIfAborted();
    const matching = await filterInTurns(names, ({ path }) => matches(path));
    const digests = [...new Set(matching.map(({ digest }) => digest))];
    const absent = new Set(await store.missing(digests));
    const held = digests.filter((digest) => !absent.has(digest) || partials.get(digest) !== undefined);
    const unused: Digest[] = [];
    for (const digest of held) if (await isNamedByPurgedAlone(digest)) unused.push(digest);
    await gate.alone(async () => {
      const kept = await pinned(unused);
      const going: Digest[] = [];
      for (const digest of unused) if (!kept.has(digest) && (await partials.drop(digest))) going.push(digest);
      await store.remove(going);
      dropped.push(...going);
    });
  }
  return dropped;

  async function isNamedByPurgedAlone(digest: Digest): Promise<boolean> {
    const names = await catalog.allNames(digest, MOST_NAMES);
    if (names.length >= MOST_NAMES || names.some((name) => name.site !== site)) return false;
    const matching = await filterInTurns(names, ({ path }) => matches(path));
    return matching.length === names.length;
  }
}

async function* purgedNames(
  catalog: DropParts['catalog'],
  site: number,
  { all, paths, globs, tags }: PurgeTarget,
): AsyncGenerator<NamedObject[]> {
  if (!all && globs.length === 0 && tags.length === 0) {
    for (const path of paths) yield catalog.objectsOfPath(site, path);
    return;
  }
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: Awaited<ReturnType<EdgeCatalog['objectsOfSite']>> = await catalog.objectsOfSite(
      site,
      after,
      PAGE,
    );
    yield page.objects;
    after = page.next;
  }
}
