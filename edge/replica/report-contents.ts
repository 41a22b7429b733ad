import { version } from '../../shared/version.ts';
import type { EdgeLimits, EdgeUse, HotObject } from '../../shared/wire/protocol.ts';
import type { Beside, Trial } from '../../shared/wire/rollout-api.ts';
import type { TaskReport } from '../../shared/work/assignment.ts';
import type { LogPosition } from '../follow/log/log-position.ts';
import type { SampledUse } from '../processes/edge-use.ts';
import { reportedCounts } from '../processes/readers-counts.ts';
import { reportedSites } from '../report/fitting-report.ts';
import type { ReplicaStatus, SiteStatus } from '../report/replica-status.ts';
import type { ReporterParts } from '../report/reporter.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import type { ReplicaParts } from './parts.ts';

interface ReportedParts {
  readonly position: Pick<LogPosition, 'chain' | 'head'>;
  readonly catalog: Pick<EdgeCatalog, 'signedHead'>;
  readonly limits: EdgeLimits;
  readonly tasks: () => TaskReport;
  readonly status: () => Promise<ReplicaStatus>;
  readonly use: ReplicaParts['use'];
  /** The objects that readers ask for most, if they are due to be reported. */
  readonly hot: () => readonly HotObject[] | undefined;
  /** Requests for objects that were not complete on the disk. */
  readonly misses: () => number;
  readonly trials: () => readonly Trial[];
  readonly beside: () => readonly Beside[];
}

/** The state of this edge, as a report contains it. */
export async function reportContents(
  parts: ReportedParts,
): Promise<Awaited<ReturnType<ReporterParts['state']>>> {
  const { seq: position, hash } = parts.position.chain;
  const { parent, sites, clockOffset: offset, faults, contactSeconds } = await parts.status();
  const sampled = parts.use?.();
  const hot = parts.hot();
  const trials = parts.trials();
  const beside = parts.beside();
  return {
    ...{ position, hash, version },
    head: parts.position.head ?? (await parts.catalog.signedHead()) ?? null,
    parent,
    limits: parts.limits,
    offset,
    ...(sampled && { use: reportedUse(sampled, contactSeconds, parts.misses(), sites) }),
    ...(hot && { hot: [...hot] }),
    ...(trials.length > 0 && { trials: [...trials] }),
    ...(beside.length > 0 && { beside: [...beside] }),
    sites: reportedSites(sites),
    faults: [...faults],
    tasks: parts.tasks(),
  };
}

function reportedUse(
  { sites: counts, ...use }: SampledUse,
  contactSeconds: number | null,
  misses: number,
  sites: readonly SiteStatus[],
): EdgeUse {
  const ids = new Map(sites.map(({ name, id }) => [name, id]));
  return {
    ...use,
    contactSeconds: contactSeconds === null ? null : Math.round(contactSeconds * 10) / 10,
    misses,
    sites: reportedCounts(counts, (name) => ids.get(name)),
  };
}
