import { uploadObjectsKind } from '../../shared/work/upload-objects.ts';
import type { Holder } from '../reconcile/store-repair-plan.ts';
import { type EdgeRecord, isOnline } from './edge-record.ts';

/** All edges, described for the repair of the store. */
export function holdersOf(records: ReadonlyMap<string, EdgeRecord>, monotonic: number): Holder[] {
  return [...records.values()].map((edge) => holderOf(edge, monotonic));
}

/** Describes an edge for the repair of the store. */
function holderOf(edge: EdgeRecord, monotonic: number): Holder {
  const { row, report, isDiverged } = edge;
  return {
    name: row.name,
    siteLists: [row.mayRead, report?.limits.sites ?? null].filter((sites) => sites !== null),
    load: edge.load,
    isHealthy: isOnline(edge, monotonic) && !row.paused && !row.drained && !isDiverged,
    canUpload: report?.tasks?.kinds.includes(uploadObjectsKind.kind) ?? false,
    isDirect: report?.parent === null,
    isFull: report !== null && report.limits.storage !== 'lazy' && report.limits.prefixes === null,
  };
}
