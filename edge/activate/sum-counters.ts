import type { ServingCounters } from './messages.ts';

export function addCounters(a: ServingCounters, b: ServingCounters): ServingCounters {
  const sum: Record<string, ServingCounters[string]> = { ...a };
  for (const [site, { requests, bytes }] of Object.entries(b)) {
    const before = sum[site] ?? { requests: {}, bytes: 0 };
    const merged: Record<string, number> = { ...before.requests };
    for (const [status, count] of Object.entries(requests)) merged[status] = (merged[status] ?? 0) + count;
    sum[site] = { requests: merged, bytes: before.bytes + bytes };
  }
  return sum;
}
