import type { EdgeReport } from '../../shared/wire/protocol.ts';
import type { EdgeRow } from '../catalog/fleet-calls.ts';
import { LEASE_MS, LONGEST_LEASE_MS } from '../publish/lease.ts';

/** What the origin knows of one edge while it runs. */
export interface EdgeRecord {
  /** What the log says of it. */
  row: EdgeRow;
  lastSeen: number | null;
  /** The newest one, without its receipts. */
  report: EdgeReport | null;
  /** What of it was stored last, and when by the monotonic clock. */
  stored: { readonly state: string; readonly at: number } | null;
  /** The time of the newest report that was taken in: what is not newer is a replay. */
  reportTime: number;
  /** By the monotonic clock: until then the edge may believe that it holds a lease. */
  leaseUntil: number;
  /** By the monotonic clock: until then it may serve sites that refuse to be served without a lease. */
  servesUntil: number;
  /** Its newest report shows records that are not the origin's: its revisions are others of the same numbers. */
  isDiverged: boolean;
  /** The lease was given by this process, so the edge is known to be here. */
  isHeard: boolean;
  /** The newest revision of each site whose receipt is stored. */
  readonly confirmed: Map<number, number>;
}

/**
 * An edge from before this process began, at `began` of the monotonic clock. It may hold a lease of the process before:
 * how long ago that ended no clock can tell, for it may have been set since.
 */
export function known(row: EdgeRow, began: number): EdgeRecord {
  return {
    ...joined(row),
    leaseUntil: began + LONGEST_LEASE_MS,
    servesUntil: began + LONGEST_LEASE_MS,
  };
}

/** One that holds no lease yet. */
export function joined(row: EdgeRow): EdgeRecord {
  const { lastSeen, report } = row;
  return {
    row,
    lastSeen,
    report,
    stored: null,
    reportTime: report?.time ?? 0,
    leaseUntil: Number.NEGATIVE_INFINITY,
    servesUntil: Number.NEGATIVE_INFINITY,
    isDiverged: false,
    isHeard: false,
    confirmed: new Map(),
  };
}

/** Counted from here on the edge's own lease, which began when it sent its report, is over first. */
export function grantLease(edge: EdgeRecord, monotonic: number): number {
  edge.leaseUntil = monotonic + LONGEST_LEASE_MS;
  edge.isHeard = true;
  return LEASE_MS;
}

/** Of the same length, for an edge that shows what it must. */
export function grantServing(edge: EdgeRecord, monotonic: number): number {
  edge.servesUntil = monotonic + LONGEST_LEASE_MS;
  return LEASE_MS;
}

export function servingLeft({ servesUntil }: EdgeRecord, monotonic: number): number {
  return Math.max(0, servesUntil - monotonic);
}

export function leaseLeft({ leaseUntil }: EdgeRecord, monotonic: number): number {
  return Math.max(0, leaseUntil - monotonic);
}

export function isOnline(edge: EdgeRecord, monotonic: number): boolean {
  return edge.isHeard && !edge.row.revoked && leaseLeft(edge, monotonic) > 0;
}

export function replicates({ row, report }: EdgeRecord, site: string): boolean {
  return [row.mayRead, report?.limits.sites ?? null].every((sites) => sites === null || sites.includes(site));
}

/** Whether a sync publish of the site counts on it: it may hold a lease, and nothing holds it back. */
export function isParticipant(edge: EdgeRecord, site: string, monotonic: number): boolean {
  return !edge.isDiverged && keepsUp(edge, site) && leaseLeft(edge, monotonic) > 0;
}

/** It replicates the site, and is neither paused nor meant to stay behind. */
export function keepsUp(edge: EdgeRecord, site: string): boolean {
  const { row, report } = edge;
  if (report === null || row.paused || row.revoked) return false;
  return report.limits.delay === 0 && report.limits.schedule === null && replicates(edge, site);
}

/** Of the origin's revisions. */
export function shownRevision({ report, isDiverged }: EdgeRecord, site: number): number {
  if (isDiverged) return 0;
  return report?.sites.find((reported) => reported.site === site)?.revision ?? 0;
}
