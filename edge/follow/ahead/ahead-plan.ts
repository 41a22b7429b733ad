import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import type { AheadUse, EdgeSite } from '../../store/catalog.ts';
import { isWanted } from '../sync/next-step-plan.ts';

/** The most that the store holds of one site ahead of its revision, and of all sites together. */
const MOST_OF_SITE: AheadUse = { objects: 200_000, bytes: 16 * 2 ** 30 };
const MOST_IN_ALL: AheadUse = { objects: 400_000, bytes: 32 * 2 ** 30 };
/** The part of the free disk that one page may take. The rest is for revisions. */
const PART_OF_FREE = 1 / 4;

/**
 * Whether the edge will hold every object of the site's first revision as soon as it can. Objects of later revisions are
 * not fetched ahead: most of them travel as deltas against the revision before.
 */
export function mayFetchAhead(site: EdgeSite, limits: EdgeLimits): boolean {
  const { active, activations, proposal, staging, aliases, kept, policy } = site;
  const holdsWhole = limits.storage === 'full' && limits.prefixes === null;
  const isPrompt = limits.delay === 0 && limits.schedule === null && policy.mode !== 'batch';
  const hasNone = active.revision === 0 && activations.length + aliases.length + kept.length === 0;
  return isWanted(site, limits) && holdsWhole && isPrompt && hasNone && proposal === null && staging === null;
}

/** Whether a page of a site fits into what may be held ahead. `free` is the free disk in bytes, if it is known. */
export function hasRoom(
  page: AheadUse,
  site: number,
  held: ReadonlyMap<number, AheadUse>,
  free: number | undefined,
): boolean {
  return (
    fits(sum(page, held.get(site) ?? { objects: 0, bytes: 0 }), MOST_OF_SITE) &&
    fits(sum(page, heldInAll(held)), MOST_IN_ALL) &&
    (free === undefined || page.bytes <= free * PART_OF_FREE)
  );
}

/** What is held ahead for all sites together. */
export function heldInAll(held: ReadonlyMap<number, AheadUse>): AheadUse {
  return [...held.values()].reduce(sum, { objects: 0, bytes: 0 });
}

const sum = (a: AheadUse, b: AheadUse): AheadUse => ({
  objects: a.objects + b.objects,
  bytes: a.bytes + b.bytes,
});

const fits = ({ objects, bytes }: AheadUse, most: AheadUse) => objects <= most.objects && bytes <= most.bytes;
