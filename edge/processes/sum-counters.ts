import type { ServingCounters, SiteCounters } from '../messages/counters.ts';

export function addCounters(a: ServingCounters, b: ServingCounters): ServingCounters {
  const sum: Record<string, SiteCounters> = { ...a };
  for (const [site, counted] of Object.entries(b)) {
    const before = sum[site];
    sum[site] = before === undefined ? counted : addSite(before, counted);
  }
  return sum;
}

function addSite(a: SiteCounters, b: SiteCounters): SiteCounters {
  const requests: Record<string, number> = { ...a.requests };
  for (const [status, count] of Object.entries(b.requests))
    requests[status] = (requests[status] ?? 0) + count;
  return {
    requests,
    bytes: a.bytes + b.bytes,
    buckets: a.buckets.map((count, i) => count + (b.buckets[i] ?? 0)),
    seconds: a.seconds + b.seconds,
    excesses: a.excesses + b.excesses,
  };
}
