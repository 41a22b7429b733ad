import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import type { EdgeSite, Milestone } from '../../store/catalog.ts';
import { type Cover, sameCover } from '../../store/cover.ts';

/**
 * Aliases and rollouts name revisions that an edge holds beside the active one. It takes in manifests by ascending revision, because
 * each is staged over the one before. So the manifest that one of them names is taken in before any later revision, even
 * if that one becomes active first. Only its objects wait until the active revision is complete.
 */

type Named = Pick<EdgeSite, 'aliases' | 'rollout'>;

/** What aliases and the rollout of a site name. */
export function namedBeside({ aliases, rollout }: Named): readonly Milestone[] {
  return rollout === null ? aliases : [...aliases, rollout];
}

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
 * The lowest revision whose manifest must be taken in before that of `before`: one that an alias or a rollout names, or one that
 * waits to become active and is older than one that an alias or a rollout names.
 */
export function nextToKeep(
  site: EdgeSite,
  waiting: readonly Milestone[],
  before: number,
): Milestone | undefined {
  const named = namedBeside(site).filter(({ revision }) => revision < before);
  const highest = Math.max(0, ...named.map(({ revision }) => revision));
  const newest = newestHeld(site);
  return [...named, ...waiting.filter(({ revision }) => revision < highest)]
    .filter(({ revision }) => revision > newest)
    .reduce<Milestone | undefined>(
      (lowest, one) => (lowest === undefined || one.revision < lowest.revision ? one : lowest),
      undefined,
    );
}

/** The newest kept revision whose objects must be fetched or compared before what names it can show it. */
export function nextToFill({ aliases, rollout, kept }: EdgeSite, cover: Cover): number | undefined {
  return kept.findLast(({ revision, covers, isWhole }) => {
    const shows = [
      ...aliases.filter((alias) => alias.revision === revision).map(({ shown }) => shown === revision),
      ...(rollout?.revision === revision ? [rollout.isReady] : []),
    ];
    const isFilled = isWhole && covers !== null && sameCover(covers, cover);
    return shows.length > 0 && (!isFilled || shows.includes(false));
  })?.revision;
}

/**
 * The newest manifest, if nothing needs it any more. It must be removed like a staged one: the next is staged over the
 * one below it.
 */
export function nextToGiveUp(site: EdgeSite): number | undefined {
  const { kept, active, activations, proposal, staging, former } = site;
  const newest = kept.at(-1)?.revision;
  if (newest === undefined || newest <= active.revision || staging !== null || proposal !== null)
    return undefined;
  // A revision that was taken back still serves assets, until it is pruned like any former revision.
  const isNeeded =
    isNamed(site, newest) || [...activations, ...former].some(({ revision }) => revision === newest);
  return isNeeded ? undefined : newest;
}

/** Whether an alias or a rollout names the revision, or an alias still shows it while a newer one is fetched. */
export function isNamed({ aliases, rollout }: Named, revision: number): boolean {
  if (rollout?.revision === revision) return true;
  return aliases.some((alias) => alias.revision === revision || alias.shown === revision);
}
