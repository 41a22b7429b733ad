import type { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import type { Bucket } from '../../../shared/content/manifest/buckets.ts';
import { hasCode } from '../../../shared/errors.ts';
import { differing } from '../../../shared/wire/bucket-list.ts';
import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import type { ObjectSource } from '../../follow/fetch/object-source.ts';
import { isHeld, namedBeside, showsAliases } from '../../follow/sync/alias-plan.ts';
import { mendNodes } from '../../follow/sync/compare.ts';
import { unstage } from '../../follow/sync/site-sync.ts';
import type { EdgeCatalog, EdgeSite, Milestone } from '../../store/catalog.ts';
import { audit, rootOf } from './audit.ts';

export interface KeptParts {
  readonly catalog: EdgeCatalog;
  readonly limits: EdgeLimits;
  readonly source: ObjectSource;
  /** The lock of a site's manifest. It has one writer at a time. */
  readonly manifests: KeyedLock<number>;
  /** Resolves when no serving process shows what is no longer kept. */
  readonly shown: () => Promise<void>;
}

/** Gives up newer revisions, which only aliases and rollouts show, because their rows would be in the way. They are fetched again. */
export async function giveUpNewer(
  { catalog, shown }: Pick<KeptParts, 'catalog' | 'shown'>,
  site: EdgeSite,
  signal: AbortSignal,
): Promise<void> {
  for (const { revision } of site.kept.toReversed()) {
    if (revision <= site.active.revision) return;
    await catalog.giveUpKept(site.id, revision);
    // No serving process may look into the manifest when its rows go.
    await shown();
    await unstage(catalog, site.id, revision, signal);
  }
}

/**
 * Repairs the manifests beside the active one. One after the active revision is given up and fetched again. An older
 * one cannot be staged any more, so it is mended in place, while nothing shows it. If the upstream cannot help, its
 * aliases show nothing here until a later repair. Returns whether no damaged manifest is left: one after the active
 * revision has to stay while another is staged over it.
 */
export function mendKept(parts: KeptParts, id: number, signal: AbortSignal): Promise<boolean> {
  const { catalog, manifests, shown } = parts;
  return manifests.run(id, async () => {
    const site = await catalog.site(id);
    if (site === undefined) return true;
    for (const milestone of toMend(site, parts.limits)) {
      const { revision, root } = milestone;
      const { nodes } = await audit(catalog, id, revision);
      if (isHeld(site, revision) && rootOf(nodes) === root) continue;
      if (revision > site.active.revision) {
        if (site.staging !== null) return false;
        await giveUpNewer(parts, site, signal);
        return true;
      }
      await catalog.dropKept(id, [revision]);
      await shown();
      if (await isMended(parts, id, milestone, nodes, signal)) await catalog.keep(id, revision);
    }
    return true;
  });
}

/**
 * What should be held beside the active revision, each once, in ascending order. A newer one that is not held is left
 * out, because it will be taken in as usual.
 */
function toMend(site: EdgeSite, limits: EdgeLimits): Milestone[] {
  const { activations, proposal, active } = site;
  const beside = namedBeside(site);
  const named: Milestone[] = [...activations, ...(proposal === null ? [] : [proposal]), ...beside];
  const each = [...new Map(named.map((milestone) => [milestone.revision, milestone])).values()];
  const isShown = ({ revision }: Milestone) =>
    showsAliases(limits) && beside.some((one) => one.revision === revision);
  return each
    .filter(({ revision }) => revision !== active.revision)
    .filter((one) => isHeld(site, one.revision) || (one.revision < active.revision && isShown(one)))
    .sort((a, b) => a.revision - b.revision);
}

async function isMended(
  { catalog, source }: KeptParts,
  id: number,
  { revision, root }: Milestone,
  own: readonly Bucket[],
  signal: AbortSignal,
): Promise<boolean> {
  const transfer = { signal, bandwidths: [] };
  try {
    const theirs = await source.upstream.nodes(source.self, id, revision, transfer);
    await mendNodes({ catalog, ...source }, id, revision, differing(own, theirs), transfer);
  } catch (error) {
    if (hasCode(error, 'no-longer-held') || hasCode(error, 'not-yet-held')) return false;
    throw error;
  }
  return rootOf((await audit(catalog, id, revision)).nodes) === root;
}
