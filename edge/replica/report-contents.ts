import { version } from '../../shared/version.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';
import type { TaskReport } from '../../shared/work/assignment.ts';
import type { LogPosition } from '../follow/log/log-position.ts';
import { reportedSites } from '../report/fitting-report.ts';
import type { ReplicaStatus } from '../report/replica-status.ts';
import type { ReporterParts } from '../report/reporter.ts';
import type { EdgeCatalog } from '../store/catalog.ts';

interface ReportedParts {
  readonly position: Pick<LogPosition, 'chain' | 'head'>;
  readonly catalog: Pick<EdgeCatalog, 'signedHead'>;
  readonly limits: EdgeLimits;
  readonly tasks: () => TaskReport;
  readonly status: () => Promise<ReplicaStatus>;
}

/** The state of this edge, as a report contains it. */
export async function reportContents(
  parts: ReportedParts,
): Promise<Awaited<ReturnType<ReporterParts['state']>>> {
  const { seq: position, hash } = parts.position.chain;
  const { parent, sites, clockOffset: offset, faults } = await parts.status();
  return {
    ...{ position, hash, version },
    head: parts.position.head ?? (await parts.catalog.signedHead()) ?? null,
    parent,
    limits: parts.limits,
    offset,
    sites: reportedSites(sites),
    faults: [...faults],
    tasks: parts.tasks(),
  };
}
