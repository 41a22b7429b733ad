import type { EdgeReport } from '../../shared/wire/protocol.ts';
import { NO_TASKS } from '../../shared/work/assignment.ts';

/** A report of an edge that has stored one record and has no limits. */
export function edgeReport(changes: Partial<EdgeReport> = {}): EdgeReport {
  return {
    time: 1,
    position: 1,
    hash: '1'.repeat(64),
    head: null,
    version: '1',
    parent: null,
    limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null, storage: 'full' },
    sites: [],
    faults: [],
    tasks: NO_TASKS,
    statements: [],
    ...changes,
  };
}
