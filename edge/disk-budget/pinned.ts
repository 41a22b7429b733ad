import type { Digest } from '../../shared/content/digest.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import { coverOf, isHeldAlways } from '../store/cover.ts';

/** An object with more names than this is kept, because reading all of its names would take long. */
const MOST_NAMES = 1000;

/** Returns the objects that this edge must always hold for a site, in its visible or its next revision. */
export async function pinnedAmong(
  catalog: Pick<EdgeCatalog, 'sites' | 'currentNames'>,
  limits: EdgeLimits,
  digests: readonly Digest[],
): Promise<ReadonlySet<Digest>> {
  const covers = new Map((await catalog.sites()).map(({ id, policy }) => [id, coverOf(limits, policy)]));
  const names = await catalog.currentNames(digests, MOST_NAMES);
  const counts = new Map<Digest, number>();
  const pinned = new Set<Digest>();
  for (const { digest, site, path } of names) {
    const count = (counts.get(digest) ?? 0) + 1;
    counts.set(digest, count);
    const cover = covers.get(site);
    if (count === MOST_NAMES || (cover !== undefined && isHeldAlways(path, cover))) pinned.add(digest);
  }
  return pinned;
}
