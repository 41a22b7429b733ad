import type { AliasShown } from '../../shared/wire/alias-api.ts';
import type { EdgeReport, HotObject } from '../../shared/wire/protocol.ts';
import type { EdgeRow } from '../catalog/fleet-calls.ts';
import { type LeaseTerms, outlasting } from '../publish/lease.ts';
import type { ObservedEdge } from '../reconcile/reconcile-plan.ts';
import type { TaskEdge } from '../tasks/task-plan.ts';
import type { Health } from './health-state.ts';
import { afterReport, NO_TREND, type Trend } from './report-trend-state.ts';

/** The state of one edge in the memory of the origin. */
export interface EdgeRecord {
  /** The edge's row in the catalog. */
  row: EdgeRow;
  lastSeen: number | null;
  /** The newest report, without its statements. */
  report: EdgeReport | null;
  /** The last stored state, and the monotonic time at which it was stored. */
  stored: { readonly state: string; readonly at: number } | null;
  /** The time of the newest accepted report. A report that is not newer is a replay. */
  reportTime: number;
  /** The time of the monotonic clock at which the origin responded to the last report of the edge. */
  heardAt: number;
  /** The time of the monotonic clock until which the edge may believe that it holds a lease. */
  leaseUntil: number;
  /** The time of the monotonic clock until which the edge may serve sites that require a lease. */
  servesUntil: number;
  /**
   * The newest report shows records that the origin lacks, so the edge's revisions differ from the origin's revisions
   * of the same numbers.
   */
  isDiverged: boolean;
  /** Whether this process has granted the edge a lease, which shows that the edge has reported to this process. */
  isHeard: boolean;
  /** For each site, the newest revision for which a receipt of the edge is stored. */
  readonly confirmed: Map<number, number>;
  /** The health of the edge when it was last judged. */
  health: Health | undefined;
  /** The trend over the reports of the edge. */
  trend: Trend;
  /** The objects that readers of the edge ask for, and the time of the report that named them. */
  hot: { readonly time: number; readonly objects: readonly HotObject[] } | null;
  /** The monotonic times of the first and the last deletion of old data in a series of deletions. */
  pruned: { readonly first: number; readonly last: number } | null;
  /** Requests of readers per second, between its last two reports. */
  load: number;
}

/**
 * An edge that joined before this process began, at `began` of the monotonic clock. It may still hold a lease of the
 * previous process, with at most these terms. It is not known when that process ended, because the wall clock may have
 * been set since.
 */
export function known(row: EdgeRow, began: number, terms: LeaseTerms): EdgeRecord {
  const until = began + outlasting(terms);
  return { ...joined(row), heardAt: began, leaseUntil: until, servesUntil: until };
}

/** An edge that holds no lease yet. */
export function joined(row: EdgeRow): EdgeRecord {
  const { lastSeen, report } = row;
  return {
    row,
    lastSeen,
    report,
    stored: null,
    reportTime: report?.time ?? 0,
    heardAt: Number.NEGATIVE_INFINITY,
    leaseUntil: Number.NEGATIVE_INFINITY,
    servesUntil: Number.NEGATIVE_INFINITY,
    isDiverged: false,
    isHeard: false,
    confirmed: new Map(),
    health: undefined,
    trend: NO_TREND,
    pruned: null,
    hot: null,
    load: 0,
  };
}

/**
 * A new host under the name of an edge. The old host may still rely on its leases until they end. Reports of the old
 * host that are still being checked do not count.
 */
export function replaced(old: EdgeRecord, row: EdgeRow): EdgeRecord {
  old.row = { ...old.row, revoked: true };
  return { ...joined(row), leaseUntil: old.leaseUntil, servesUntil: old.servesUntil };
}

/**
 * The edge measures its lease from when it sent the report, so the lease ends at the edge before it ends at the origin.
 */
export function grantLease(edge: EdgeRecord, monotonic: number, terms: LeaseTerms): number {
  edge.heardAt = monotonic;
  edge.leaseUntil = monotonic + outlasting(terms);
  edge.isHeard = true;
  return terms.lease;
}

/** Grants time to serve, as long as a lease, to an edge that shows the required revisions. */
export function grantServing(edge: EdgeRecord, monotonic: number, terms: LeaseTerms): number {
  edge.servesUntil = monotonic + outlasting(terms);
  return terms.lease;
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

export function byName(edges: ReadonlyMap<string, EdgeRecord>): EdgeRecord[] {
  return [...edges.values()].sort((a, b) => (a.row.name < b.row.name ? -1 : 1));
}

/** The sites that are in both lists. Null means all. */
function bothSites(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null || b === null) return a ?? b;
  const others = new Set(b);
  return a.filter((site) => others.has(site));
}

function replicates({ row, report }: EdgeRecord, site: string): boolean {
  return [row.mayRead, report?.limits.sites ?? null].every((sites) => sites === null || sites.includes(site));
}

/** Like `replicates`, for many sites of one edge. */
export function replicatedBy({ row, report }: EdgeRecord): (site: string) => boolean {
  const lists = [row.mayRead, report?.limits.sites ?? null].flatMap((sites) => sites && [new Set(sites)]);
  return (site) => lists.every((sites) => sites === null || sites.has(site));
}

/** Takes the newest report. */
export function noteReport(edge: EdgeRecord, report: EdgeReport): void {
  edge.load = requestRate(edge.report, report);
  edge.trend = afterReport(edge.trend, report);
  const { hot, ...rest } = report;
  // Not every report names hot objects, so they are kept apart.
  if (hot !== undefined) edge.hot = { time: report.time, objects: hot };
  edge.report = { ...rest, statements: [] };
}

/** A deletion shows in the reports after this time. The disk is judged only after it. */
const SHOWN_AFTER_MS = 60_000;
/** A disk that stays full is pruned again within this time. */
const PRUNED_AGAIN_MS = 2 * 3_600_000;

export function notePruned(edge: EdgeRecord, at: number): void {
  const { pruned } = edge;
  const isSame = pruned !== null && at - pruned.last < PRUNED_AGAIN_MS;
  edge.pruned = isSame
    ? { first: Math.min(pruned.first, at), last: Math.max(pruned.last, at) }
    : { first: at, last: at };
}

/** Whether old data was deleted long enough ago that there is nothing left to delete on the edge's disk. */
export function isPruned({ pruned }: EdgeRecord, monotonic: number): boolean {
  if (pruned === null) return false;
  return monotonic - pruned.first >= SHOWN_AFTER_MS && monotonic - pruned.last < PRUNED_AGAIN_MS;
}

/**
 * Whether a sync publish of the site waits for the edge: it may hold a lease, it keeps up with the site, and readers
 * are sent to it.
 */
export function isParticipant(edge: EdgeRecord, site: string, monotonic: number): boolean {
  return !edge.isDiverged && !edge.row.drained && keepsUp(edge, site) && leaseLeft(edge, monotonic) > 0;
}

/** Whether the edge replicates the site, and is not paused, revoked, delayed or scheduled. */
export function keepsUp(edge: EdgeRecord, site: string): boolean {
  const { row, report } = edge;
  if (report === null || row.paused || row.revoked) return false;
  return report.limits.delay === 0 && report.limits.schedule === null && replicates(edge, site);
}

/** The origin's revision that the edge shows. 0 for a diverged edge, because its revisions are not the origin's. */
export function shownRevision({ report, isDiverged }: EdgeRecord, site: number): number {
  if (isDiverged) return 0;
  return report?.sites.find((reported) => reported.site === site)?.revision ?? 0;
}

/**
 * What the edge shows under an alias of a site, according to its newest report. Undefined if it need not show the
 * alias: it does not replicate the site, or it stays behind on purpose. The numbers of a diverged edge are not the
 * origin's.
 */
export function shownUnder(
  edge: EdgeRecord,
  { id, name }: { readonly id: number; readonly name: string },
  alias: string,
): AliasShown | undefined {
  if (!keepsUp(edge, name) || edge.row.drained || edge.isDiverged) return undefined;
  const site = edge.report?.sites.find((reported) => reported.site === id);
  const [, revision = 0] = site?.aliases?.find(([reported]) => reported === alias) ?? [];
  const { pendingBytes = 0, error = null } = site ?? {};
  return { edge: edge.row.name, revision, pendingBytes, error };
}

/**
 * Requests of readers per second between two reports of an edge. 0 when the reports do not have the numbers, or the
 * edge has restarted.
 */
function requestRate(before: EdgeReport | null, report: EdgeReport): number {
  const requests = (report.use?.requests ?? 0) - (before?.use?.requests ?? 0);
  const seconds = (report.time - (before?.time ?? 0)) / 1000;
  return before?.use === undefined || requests < 0 || seconds <= 0 ? 0 : requests / seconds;
}

/** The properties of the edge that the planning of tasks needs. */
export function taskEdge(edge: EdgeRecord, monotonic: number): TaskEdge {
  const { row, report, isDiverged, heardAt } = edge;
  return {
    name: row.name,
    region: row.region,
    labels: row.labels,
    isRevoked: row.revoked,
    isOnline: isOnline(edge, monotonic),
    // If this process has no report from an edge yet, the edge counts as silent since the process began.
    silentFor: monotonic - heardAt,
    isFree: !row.paused && !row.drained && !isDiverged,
    kinds: report?.tasks?.kinds ?? [],
    sites: bothSites(row.mayRead, report?.limits.sites ?? null),
    load: edge.load,
  };
}

/** A site that fails is tried again within this time. */
const TRIED_AGAIN_MS = 120_000;

function mismatchMs({ mismatch }: Trend, report: EdgeReport | null): number | null {
  const isFresh = mismatch !== null && (report?.time ?? 0) - mismatch.last < TRIED_AGAIN_MS;
  return isFresh ? mismatch.last - mismatch.since : null;
}

/** The properties of the edge that the reconciler needs. A diverged edge is left as it is until an operator decides. */
export function observedEdge(edge: EdgeRecord, monotonic: number): ObservedEdge {
  const { row, report, isDiverged, trend } = edge;
  return {
    name: row.name,
    isOnline: isOnline(edge, monotonic) && !isDiverged,
    disk: report?.use?.disk ?? null,
    mismatchMs: mismatchMs(trend, report),
  };
}
