import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import type { EdgeSite, Milestone } from '../../store/catalog.ts';
import { type Cover, sameCover } from '../../store/cover.ts';

/**
 * Aliases name revisions that an edge holds beside the active one. It takes in manifests by ascending revision, because
 * each is staged over the one before. So the manifest that an alias names is taken in before any later revision, even
 * if that one becomes active first. Only its objects wait until the active revision is complete.
 */

/** Edges that stay behind on purpose show only what was activated. */
export function showsAliases({ delay, schedule }: Pick<EdgeLimits, 'delay' | 'schedule'>): boolean {
  return delay === 0 && schedule === null;
}

/** The highest revision whose manifest is complete on this edge. */
export function newestHeld({ active, kept }: Pick<EdgeSite, 'active' | 'kept'>): number {
  return Math.max(active.revision, ...kept.map(({ revision }) => revision));
}

export function isHeld({ active, kept }: Pick<EdgeSite, 'active' | 'kept'>, revision: number): boolean {
  return active.revision === revision || kept.some((one) => one.revision === revision);
}

/**
 * The lowest revision whose manifest must be taken in before that of `before`: one that an alias names, or one that
 * waits to become active and is older than one that an alias names.
 */
export function nextToKeep(
  site: EdgeSite,
  waiting: readonly Milestone[],
  before: number,
): Milestone | undefined {
  const named = site.aliases.filter(({ revision }) => revision < before);
  const highest = Math.max(0, ...named.map(({ revision }) => revision));
  const newest = newestHeld(site);
  return [...named, ...waiting.filter(({ revision }) => revision < highest)]
    .filter(({ revision }) => revision > newest)
    .reduce<Milestone | undefined>(
      (lowest, one) => (lowest === undefined || one.revision < lowest.revision ? one : lowest),
      undefined,
    );
}

/** The newest kept revision whose objects must be fetched or compared before its aliases can show it. */
export function nextToFill({ aliases, kept }: EdgeSite, cover: Cover): number | undefined {
  return kept.findLast(({ revision, covers, isWhole }) => {
    const names = aliases.filter((alias) => alias.revision === revision);
    const isFilled = isWhole && covers !== null && sameCover(covers, cover);
    return names.length > 0 && (!isFilled || names.some(({ shown }) => shown !== revision));
  })?.revision;
}

/**
 * The newest manifest, if nothing needs it any more. It must be removed like a staged one: the next is staged over the
 * one below it.
 */
export function nextToGiveUp(site: EdgeSite): number | undefined {
  const { kept, active, activations, proposal, staging } = site;
  const newest = kept.at(-1)?.revision;
  if (newest === undefined || newest <= active.revision || staging !== null || proposal !== null)
    return undefined;
  const isNeeded = isNamed(site, newest) || activations.some(({ revision }) => revision === newest);
  return isNeeded ? undefined : newest;
}

/** Whether an alias points to the revision, or still shows it while a newer one is fetched. */
export function isNamed({ aliases }: Pick<EdgeSite, 'aliases'>, revision: number): boolean {
  return aliases.some((alias) => alias.revision === revision || alias.shown === revision);
}
