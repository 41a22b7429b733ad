import { isNamed } from '../../follow/sync/alias-plan.ts';
import type { EdgeSite } from '../../store/catalog.ts';

/**
 * The revisions of a site that an edge keeps complete: the live revision, as many of the last ones as the site's policy
 * says, so that a rollback to one of them needs no transfer, and those that aliases name. Whatever is newer than the
 * active revision is kept, too: the next revision is staged over it.
 */
export function keptRevisions(site: EdgeSite, held: readonly number[]): number[] {
  const newest = held.slice(-site.policy.retention.revisions);
  const aside = site.kept
    .map(({ revision }) => revision)
    .filter((revision) => revision > site.active.revision || isNamed(site, revision));
  const kept = new Set([...newest, ...aside, site.active.revision]);
  return [...kept].filter((revision) => revision > 0).sort((a, b) => a - b);
}
