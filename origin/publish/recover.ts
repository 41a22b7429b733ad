import type { Clock } from '../../shared/clock.ts';
import { hasCode } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { PublishCalls } from '../catalog/publish-calls.ts';
import type { SiteReads, SiteRow } from '../catalog/site-calls.ts';
import type { SiteLock } from './site-lock.ts';
import { endFailed } from './sync-publish.ts';

interface OrphanParts {
  readonly catalog: Pick<Remote<PublishCalls>, 'activate' | 'abort'> &
    Pick<Remote<SiteReads>, 'site' | 'sites'>;
  readonly clock: Clock;
}

/**
 * Ends a sync revision that still waits for its activation although its publish is gone, because the origin ended or
 * its disk was full. Callers hold the site's lock. Returns the site as it is afterwards.
 */
export async function endOrphan(parts: OrphanParts, site: SiteRow): Promise<SiteRow> {
  let now = site;
  while (now.pending?.mode === 'sync') {
    const reason = 'the origin ended before its activation';
    await endFailed(parts, now, now.pending.revision, reason, null);
    now = await parts.catalog.site(site.id);
  }
  return now;
}

/**
 * Ends all orphans when the origin starts. A revision that another origin is publishing is no orphan: that origin holds
 * the site's lock. An origin whose log has diverged writes nothing. It leaves the orphans to the first publish that it
 * accepts after that.
 */
export async function endOrphans(parts: OrphanParts & { readonly sites: SiteLock }): Promise<void> {
  const { catalog, sites } = parts;
  try {
    for (const { id, pending } of await catalog.sites())
      if (pending?.mode === 'sync') await sites.run(id, async () => endOrphan(parts, await catalog.site(id)));
  } catch (error) {
    if (!hasCode(error, 'log-diverged')) throw error;
  }
}
