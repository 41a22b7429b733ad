import { SharedTable } from '../hpack/shared-table.ts';
import { cacheStatus } from '../http/cache-status.ts';
import { REVALIDATE } from '../http/headers.ts';

/** The fields that nearly all prepared responses have. */
export const COMMON_FIELDS = new SharedTable([
  ['skerry-revision', undefined],
  ['x-content-type-options', 'nosniff'],
  ['cache-control', REVALIDATE],
  ['accept-ranges', 'bytes'],
  ['cache-status', cacheStatus({ kind: 'hit', tier: 'memory' })],
]);
