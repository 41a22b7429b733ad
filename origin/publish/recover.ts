import type { Clock } from '../../shared/clock.ts';
import { hasCode } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { PublishCalls } from '../catalog/publish-calls.ts';
import type { SiteReads, SiteRow } from '../catalog/site-calls.ts';
import { endFailed } from './sync-publish.ts';

interface Parts {
  readonly catalog: Pick<Remote<PublishCalls>, 'activate' | 'abort'> &
    Pick<Remote<SiteReads>, 'site' | 'sites'>;
  readonly clock: Clock;
}

/**
 * Ends a sync revision that waits for its activation but whose publish has ended, because the origin stopped or its
 * disk was full. The caller holds the site's lock, or nobody publishes yet. Returns the new state of the site.
 */
export async function endOrphan(parts: Parts, site: SiteRow): Promise<SiteRow> {
  let now = site;
  while (now.pending?.mode === 'sync') {
    const reason = 'the origin ended before its activation';
    await endFailed(parts, now, now.pending.revision, reason, null);
    now = await parts.catalog.site(site.id);
  }
  return now;
}

/**
 * Runs at the start of the origin, before anybody publishes. An origin whose log has diverged writes nothing, so it
 * leaves the revisions; its next successful publish ends them.
 */
export async function endOrphans(parts: Parts): Promise<void> {
  try {
    for (const site of await parts.catalog.sites()) await endOrphan(parts, site);
  } catch (error) {
    if (!hasCode(error, 'log-diverged')) throw error;
  }
}
