import { uploadObjectsKind } from '../../shared/work/upload-objects.ts';
import type { Holder } from '../reconcile/store-repair-plan.ts';
import { type EdgeRecord, taskEdge } from './edge-record.ts';

/** Describes an edge to the repair of the store. */
export function holderOf(edge: EdgeRecord, monotonic: number): Holder {
  const { name, isOnline, isFree, isRevoked, kinds, sites, load } = taskEdge(edge, monotonic);
  const { report } = edge;
  return {
    ...{ name, sites, load },
    isHealthy: isOnline && isFree && !isRevoked,
    canUpload: kinds.includes(uploadObjectsKind.kind),
    isDirect: report?.parent === null,
    isFull: report !== null && report.limits.storage !== 'lazy' && report.limits.prefixes === null,
  };
}
