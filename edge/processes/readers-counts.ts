import { MOST_COUNTED_SITES, type SiteCounts } from '../../shared/wire/protocol.ts';
import type { ServingCounters } from '../messages/counters.ts';

export interface ReadersCounts {
  readonly requests: number;
  readonly errors: number;
  /** Counts for the sites with the most responses, by name. They cover the revision that is visible now. */
  readonly sites: readonly SiteTally[];
}

interface SiteTally {
  readonly name: string;
  readonly revision: number;
  readonly requests: number;
  readonly errors: number;
  readonly bytes: number;
}

/** Adds up what the serving processes have counted. */
export function readersCounts(processes: readonly ServingCounters[]): ReadersCounts {
  const sites = new Map<string, SiteTally>();
  let requests = 0;
  let errors = 0;
  for (const counters of processes) {
    for (const [name, { requests: byStatus, bytes, shown }] of Object.entries(counters)) {
      const answered = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
      const failed = byStatus['5xx'] ?? 0;
      requests += answered;
      errors += failed;
      const before = sites.get(name);
      // For a moment, a process that has not switched yet still counts under the previous revision.
      if (before !== undefined && before.revision > shown.revision) continue;
      const base = before?.revision === shown.revision ? before : undefined;
      sites.set(name, {
        ...{ name, revision: shown.revision },
        requests: (base?.requests ?? 0) + answered - shown.requests,
        errors: (base?.errors ?? 0) + failed - shown.errors,
        bytes: (base?.bytes ?? 0) + bytes - shown.bytes,
      });
    }
  }
  const most = [...sites.values()].sort((a, b) => b.requests - a.requests).slice(0, MOST_COUNTED_SITES);
  return { requests, errors, sites: most };
}

/** Converts the counts to the form of a report. Sites that the edge no longer has are left out. */
export function reportedCounts(
  sites: ReadersCounts['sites'],
  idOf: (name: string) => number | undefined,
): SiteCounts[] {
  return sites.flatMap(({ name, revision, requests, errors, bytes }): SiteCounts[] => {
    const id = idOf(name);
    return id === undefined ? [] : [[id, revision, requests, errors, bytes]];
  });
}
