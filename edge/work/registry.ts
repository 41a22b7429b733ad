import type { Executor } from './executor/executor.ts';
import { pruneExecutor } from './prune/prune-executor.ts';
import type { PruneParts } from './prune/prune-sites.ts';
import { type PurgeWork, purgeExecutor } from './purge/purge-executor.ts';
import { repairExecutor } from './repair/repair-executor.ts';
import { type ReportStateParts, reportStateExecutor } from './report-state/report-state-executor.ts';
import type { SyncNowParts } from './sync-now/sync-now.ts';
import { syncNowExecutor } from './sync-now/sync-now-executor.ts';
import { type UploadParts, uploadObjectsExecutor } from './upload-objects/upload-objects-executor.ts';
import { verifyExecutor } from './verify/verify-executor.ts';
import type { WarmParts } from './warm/warm.ts';
import { warmExecutor } from './warm/warm-executor.ts';

/** The parts of the edge that its executors use. Each executor uses those that it needs. */
export type WorkParts = PurgeWork & PruneParts & WarmParts & SyncNowParts & ReportStateParts & UploadParts;

/** All kinds of work that this version of an edge can do. */
export function allExecutors(parts: WorkParts): readonly Executor[] {
  return [
    verifyExecutor(parts),
    repairExecutor(parts),
    syncNowExecutor(parts),
    warmExecutor(parts),
    pruneExecutor(parts),
    reportStateExecutor(parts),
    uploadObjectsExecutor(parts),
    purgeExecutor(parts),
  ];
}
