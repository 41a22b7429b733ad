import type { Clock } from '../../shared/clock.ts';
import type { Lease } from '../activate/lease.ts';
import { needsLease, type Visible } from '../activate/visible.ts';
import type { Faults } from '../follow/faults.ts';
import type { LogPosition } from '../follow/log/log-position.ts';
import type { LogTime } from '../follow/log/log-time.ts';
import { targetOf } from '../follow/sync/next-step-plan.ts';
import type { SiteLoops } from '../follow/sync/site-loops.ts';
import type { Upstreams } from '../follow/upstream/upstreams.ts';
import type { Membership } from '../report/membership.ts';
import type { ReplicaStatus, SiteStatus } from '../report/replica-status.ts';
import type { EdgeCatalog, EdgeSite } from '../store/catalog.ts';

interface StatusParts {
  readonly catalog: Pick<EdgeCatalog, 'sites'>;
  readonly isWanted: (site: EdgeSite) => boolean;
  readonly isPaused: () => boolean;
  readonly isDrained: () => boolean;
  readonly keepsUp: () => boolean;
  readonly loops: Pick<SiteLoops, 'progress'>;
  readonly visible: Pick<Visible, 'revision' | 'underAlias'>;
  readonly position: Pick<LogPosition, 'chain' | 'path'>;
  readonly upstreams: Pick<Upstreams, 'current'>;
  readonly lease: Lease;
  readonly membership: Pick<Membership, 'status'>;
  readonly faults: Pick<Faults, 'list'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly time: Pick<LogTime, 'offset'>;
}

/** The current state of this edge, for its status and its reports. */
export async function replicaStatus(parts: StatusParts): Promise<ReplicaStatus> {
  const {
    catalog,
    isWanted,
    isPaused,
    isDrained,
    position,
    upstreams,
    lease,
    membership,
    faults,
    clock,
    time,
  } = parts;
  const sites = (await catalog.sites()).filter(isWanted).map((site) => siteStatus(site, parts));
  return {
    position: position.chain.seq,
    head: position.chain.head,
    parent: position.path[0] ?? null,
    upstream: upstreams.current.url,
    isPaused: isPaused(),
    isDrained: isDrained(),
    leaseSeconds: Math.max(0, lease.until - clock.monotonic()) / 1000,
    ...membership.status,
    clockOffset: time.offset,
    sites,
    faults: faults.list(),
  };
}

function siteStatus(site: EdgeSite, { loops, visible, keepsUp }: StatusParts): SiteStatus {
  const progress = loops.progress(site.id);
  return {
    id: site.id,
    name: site.name,
    revision: visible.revision(site.id),
    target: targetOf(site),
    prepared: site.rollout?.isReady ? site.rollout.revision : (site.prepared ?? 0),
    pendingBytes: progress?.pendingBytes ?? 0,
    error: progress?.error ?? null,
    aliases: site.aliases
      .map(({ name, seq }) => ({ name, seq, revision: visible.underAlias(site.id, name) }))
      .filter(({ revision }) => revision > 0),
    needsLease: needsLease(site, keepsUp()),
  };
}
