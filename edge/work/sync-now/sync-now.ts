import type { Clock } from '../../../shared/clock.ts';
import type { Wakeup } from '../../../shared/concurrency/wakeup.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { EdgeLimits } from '../../../shared/wire/protocol.ts';
import { type SyncNowResult, syncedSites } from '../../../shared/work/sync-now.ts';
import type { Visible } from '../../activate/visible.ts';
import type { LogTime } from '../../follow/log/log-time.ts';
import { isWanted, nextStep, targetOf } from '../../follow/sync/next-step-plan.ts';
import type { SiteLoops } from '../../follow/sync/site-loops.ts';
import type { EdgeCatalog, EdgeSite } from '../../store/catalog.ts';
import type { Run } from '../executor/executor.ts';

const LOOK_AGAIN_MS = 1000;
/** If no site has made progress for this long, the wait ends. */
const STALLED_MS = 60_000;

export interface SyncNowParts {
  readonly catalog: Pick<EdgeCatalog, 'sites'>;
  readonly limits: EdgeLimits;
  readonly loops: Pick<SiteLoops, 'wake' | 'progress'>;
  readonly visible: Pick<Visible, 'revision'>;
  readonly isPaused: () => boolean;
  readonly time: Pick<LogTime, 'proven'>;
  /** Wakes when a site shows another revision. */
  readonly changed: Pick<Wakeup, 'wait'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Wakes the loops of the sites, and waits until each site shows the revision that the log demands at the time of the
 * call. Later publishes do not prolong the wait.
 */
export async function syncNow(
  parts: SyncNowParts,
  name: string | undefined,
  { signal, pause, progress }: Pick<Run, 'signal' | 'pause' | 'progress'>,
): Promise<SyncNowResult> {
  const { loops, visible, changed, clock } = parts;
  signal.throwIfAborted();
  const goals = new Map((await sitesOf(parts, name)).map((site) => [site.id, goalOf(site)]));
  if (name !== undefined && goals.size === 0)
    throw new SkerryError('no-such-site', `this edge has no site ${name}`);
  await loops.wake();
  const leaving = new AbortController();
  const either = AbortSignal.any([signal, pause, leaving.signal]);
  try {
    let best = 0;
    let last = { state: '', since: clock.monotonic() };
    for (;;) {
      const woken = changed.wait(LOOK_AGAIN_MS, either);
      const sites = (await sitesOf(parts, name)).filter(({ id }) => goals.has(id));
      const behind = sites.filter((site) => isBehind(site, goals.get(site.id) ?? 0, visible));
      signal.throwIfAborted();
      best = Math.max(best, sites.length - behind.length);
      progress({ objects: best });
      if (behind.length === 0)
        return syncedSites(sites.map(({ id, name }) => ({ name, revision: visible.revision(id) })));
      for (const site of behind) refuseToWait(parts, site);
      const state = JSON.stringify(behind.map(({ id, active }) => [id, active.seq, pendingOf(parts, id)]));
      if (state !== last.state) last = { state, since: clock.monotonic() };
      // The loops continue after the wait has ended.
      if (pause.aborted || clock.monotonic() - last.since >= STALLED_MS) throw stillBehind(parts, behind);
      await woken;
    }
  } finally {
    leaving.abort();
  }
}

async function sitesOf({ catalog, limits }: SyncNowParts, name: string | undefined): Promise<EdgeSite[]> {
  const wanted = (await catalog.sites()).filter((site) => isWanted(site, limits));
  return name === undefined ? wanted : wanted.filter((site) => site.name === name);
}

/** The number of the record that the site should have reached. */
const goalOf = ({ active, activations }: EdgeSite) => activations.at(-1)?.seq ?? active.seq;

function isBehind(site: EdgeSite, goal: number, visible: SyncNowParts['visible']): boolean {
  const { id, active } = site;
  const isCurrent = active.seq >= goal || targetOf(site) === active.revision;
  return !isCurrent || visible.revision(id) !== active.revision;
}

/** Throws if the site's next step is delayed on purpose. */
function refuseToWait({ limits, isPaused, time }: SyncNowParts, site: EdgeSite): void {
  if (isPaused()) throw new SkerryError('edge-stays-behind', 'this edge is paused');
  const step = nextStep(site, limits, false, time.proven());
  if (step.kind !== 'rest' || step.until === null) return;
  const until = new Date(step.until).toISOString();
  throw new SkerryError(
    'edge-stays-behind',
    `${site.name} waits for its window, or its delay, until ${until}`,
  );
}

const pendingOf = ({ loops }: SyncNowParts, id: number) => loops.progress(id)?.pendingBytes ?? 0;

function stillBehind({ loops }: SyncNowParts, behind: readonly EdgeSite[]): SkerryError {
  const [first] = behind.map(({ id, name }) => `${name}: ${loops.progress(id)?.error ?? 'not yet fetched'}`);
  const others = behind.length > 1 ? ` (and ${behind.length - 1} more)` : '';
  return new SkerryError('unavailable', `still behind: ${first ?? ''}${others}`);
}
