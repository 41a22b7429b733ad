import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { ALIAS_LIFE } from '../../shared/site/alias.ts';
import type { AliasReads, AliasTarget } from '../catalog/alias-calls.ts';
import type { RevisionReads, RevisionRow } from '../catalog/revision-calls.ts';
import { isWithinReach } from '../catalog/revision-state.ts';
import type { RolloutCalls, RolloutReads, RolloutRow } from '../catalog/rollout-calls.ts';
import type { SiteRow } from '../catalog/site-calls.ts';

type Aliases = Pick<Remote<AliasReads>, 'aliases'>;

type OpenRollouts = Pick<Remote<RolloutReads>, 'openRollouts'>;

/** The rollout of the site that is running or paused. */
export async function openRollout(catalog: OpenRollouts, site: number): Promise<RolloutRow | undefined> {
  return (await catalog.openRollouts()).find((rollout) => rollout.site === site);
}

/** Ends the rollout of the site, because what is live was published again. */
export async function endUnwanted(
  catalog: OpenRollouts & Pick<Remote<RolloutCalls>, 'endRollout'>,
  site: number,
  time: number,
): Promise<void> {
  const open = await openRollout(catalog, site);
  const end = { state: 'aborted', reason: 'what is live was published again' } as const;
  if (open !== undefined) await catalog.endRollout(site, open.revision, end, time);
}

/** An alias that ends after `life` seconds. */
export function aliasTarget(clock: Clock, name: string, life: number = ALIAS_LIFE.usual): AliasTarget {
  return { name, expires: clock.now() + life * 1000 };
}

/**
 * The revision over which a whole tree is staged: that of the draft's alias, or else the tip. Files that it has, too,
 * keep their times. So a tree that was published there before has the same root again.
 */
export async function neighbour(catalog: Aliases, site: SiteRow, alias: string | undefined): Promise<number> {
  if (alias === undefined) return site.tip;
  const aliases = await catalog.aliases(site.id);
  return aliases.find(({ name }) => name === alias)?.revision ?? site.tip;
}

/** The revision of the alias, or the live one, if it has this root. */
export async function revisionWith(
  catalog: Aliases & Pick<Remote<RevisionReads>, 'revision'>,
  root: Digest,
  site: SiteRow,
  alias: string | undefined,
): Promise<RevisionRow | undefined> {
  const aliases = await catalog.aliases(site.id);
  const named = aliases.find(({ name }) => name === alias);
  if (named?.root === root) return catalog.revision(site.id, named.revision);
  if (site.revision === 0) return undefined;
  const live = await catalog.revision(site.id, site.revision);
  return live.root === root ? live : undefined;
}

/** Whether a record may name the revision by its own number: see `isWithinReach`. */
export async function canNameAgain(
  catalog: Aliases & OpenRollouts,
  site: SiteRow,
  revision: number,
): Promise<boolean> {
  const aliases = await catalog.aliases(site.id);
  const open = await openRollout(catalog, site.id);
  const isNamed = open?.revision === revision || aliases.some((alias) => alias.revision === revision);
  return isWithinReach(revision, { live: site.revision, named: site.named }, isNamed);
}
