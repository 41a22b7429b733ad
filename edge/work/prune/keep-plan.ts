import type { EdgeSite } from '../../store/catalog.ts';

/**
 * The revisions of a site that an edge keeps complete: the live revision, and as many of the last ones as the site's
 * policy says. A rollback to one of them needs no transfer.
 */
export function keptRevisions(site: EdgeSite, held: readonly number[]): number[] {
  const newest = held.slice(-site.policy.retention.revisions);
  const kept = new Set([...newest, site.active.revision]);
  return [...kept].filter((revision) => revision > 0).sort((a, b) => a - b);
}
