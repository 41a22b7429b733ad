import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';
import { ByteCache } from '../../shared/process/byte-cache.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { EdgeStatus } from '../../shared/wire/api.ts';
import { type EdgeReport, type EdgeUse, NO_LIMITS, type SiteReport } from '../../shared/wire/protocol.ts';
import type { LogReads } from '../catalog/log-calls.ts';
import type { LagReads } from '../catalog/revision-calls.ts';
import type { SiteReads, SiteRow } from '../catalog/site-calls.ts';
import { type EdgeRecord, isOnline, isPruned, replicatedBy } from './edge-record.ts';
import { type Health, judge, type Observed } from './health-state.ts';
import { edgeLag, siteStatus } from './lag.ts';

/** Room for the sizes of some thousand diffs. */
const DIFF_SIZES_BYTES = 512 * 1024;

/** A fault older than this does not explain the current state. */
const FRESH_MS = 60_000;

/** The catalog's calls that a status needs. */
export type StatusReads = Remote<LagReads> &
  Pick<Remote<LogReads>, 'head'> &
  Pick<Remote<SiteReads>, 'sites'>;

/** Reports what each edge shows, and how far it is behind the live revisions. */
export class EdgeStatuses {
  readonly #catalog: StatusReads;
  readonly #clock: Clock;
  readonly #diffBytes = new ByteCache<string, number>({ bytes: DIFF_SIZES_BYTES, sizeOf: () => 8 });

  constructor(catalog: StatusReads, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  async of(edges: readonly EdgeRecord[]): Promise<EdgeStatus[]> {
    const sites = await this.#catalog.sites();
    const { seq: head } = await this.#catalog.head(this.#clock.now());
    return Promise.all(edges.map((edge) => this.#edgeStatus(edge, sites, head)));
  }

  /** Judges the edges as `of` does, without making the rest of their status. */
  async judged(
    edges: readonly EdgeRecord[],
  ): Promise<{ readonly edge: EdgeRecord; readonly health: Health }[]> {
    const sites = await this.#catalog.sites();
    const { seq: head } = await this.#catalog.head(this.#clock.now());
    const judged = [];
    for (const edge of edges) {
      const reports = siteReports(edge.report);
      const isReplicated = replicatedBy(edge);
      const shown: EdgeStatus['sites'] = {};
      // A site that is current and has no error does not change the judgement.
      for (const site of edge.isDiverged ? [] : sites) {
        const report = reports.get(site.id);
        const isCurrent = (report?.revision ?? 0) >= site.revision && (report?.error ?? null) === null;
        if (!isCurrent && isReplicated(site.name))
          shown[site.name] = { ...(await this.#siteStatus(edge, site, report)), readers: null };
      }
      judged.push({ edge, health: this.#judge(edge, shown, divergence(edge, head)) });
      // With thousands of edges and thousands of sites this takes a while, so it yields to the event loop in between.
      await setImmediate();
    }
    return judged;
  }

  async #edgeStatus(edge: EdgeRecord, sites: readonly SiteRow[], head: number): Promise<EdgeStatus> {
    const { row, report, lastSeen } = edge;
    const { name, region, lat, lon, paused, drained, labels, revoked, mayRead } = row;
    const shown: EdgeStatus['sites'] = {};
    const readers = readersOf(report?.use ?? null);
    const reports = siteReports(report);
    const isReplicated = replicatedBy(edge);
    for (const site of edge.isDiverged ? [] : sites)
      if (isReplicated(site.name))
        shown[site.name] = {
          ...(await this.#siteStatus(edge, site, reports.get(site.id))),
          readers: readers.get(site.id) ?? null,
        };
    const position = report?.position ?? 0;
    const diverged = divergence(edge, head);
    const health = this.#judge(edge, shown, diverged);
    return {
      name,
      region,
      lat,
      lon,
      version: report?.version ?? null,
      online: isOnline(edge, this.#clock.monotonic()),
      paused,
      drained,
      revoked,
      labels: [...labels],
      mayRead: mayRead && [...mayRead],
      parent: report?.parent ?? null,
      limits: report?.limits ?? NO_LIMITS,
      clockOffset: report?.offset ?? null,
      faults: report?.faults ?? [],
      lastSeen,
      position,
      diverged,
      health: { state: health.state, trouble: health.trouble, reason: health.reason },
      use: report?.use === undefined ? null : shownUse(report.use),
      lag: edgeLag(head, position, shown),
      sites: shown,
    };
  }

  #judge(edge: EdgeRecord, shown: EdgeStatus['sites'], diverged: EdgeStatus['diverged']): Health {
    edge.health = judge(edge.health, this.#observed(edge, shown, diverged));
    return edge.health;
  }

  #observed(edge: EdgeRecord, shown: EdgeStatus['sites'], diverged: EdgeStatus['diverged']): Observed {
    const { row, report, lastSeen, trend } = edge;
    const now = this.#clock.monotonic();
    return {
      now,
      isOnline: isOnline(edge, now),
      isRevoked: row.revoked,
      isDrained: row.drained,
      isPaused: row.paused,
      diverged,
      silentSeconds: lastSeen === null ? null : Math.max(0, this.#clock.now() - lastSeen) / 1000,
      delay: report === null || report.limits.schedule !== null ? null : report.limits.delay,
      sites: Object.entries(shown).map(([name, { lag, error }]) => ({
        ...{ name, error, lagSeconds: lag.seconds, bytes: lag.bytes },
      })),
      use: report?.use ?? null,
      isPruned: isPruned(edge, now),
      errorRatio: trend.errorRatio,
      bytesPerSecond: trend.bytesPerSecond,
      rate: report?.limits.rate ?? null,
      clockOffset: report?.offset ?? null,
      fault: freshFault(report),
    };
  }

  async #siteStatus(
    edge: EdgeRecord,
    site: SiteRow,
    report: SiteReport | undefined,
  ): Promise<Omit<EdgeStatus['sites'][string], 'readers'>> {
    const visible = report?.revision ?? 0;
    const isBehind = visible < site.revision;
    const behind = isBehind
      ? await this.#catalog.behind(site.id, visible)
      : { revisions: 0, since: undefined };
    return siteStatus(
      {
        visible,
        prepared: report?.prepared ?? 0,
        revisions: behind.revisions,
        bytes: isBehind ? await this.#bytesToFetch(edge, site, report) : 0,
        behindSince: behind.since,
        error: report?.error ?? null,
      },
      this.#clock.now(),
    );
  }

  async #bytesToFetch(edge: EdgeRecord, site: SiteRow, report: SiteReport | undefined): Promise<number> {
    const isFetching = report?.target === site.revision && report.pendingBytes > 0;
    if (isFetching && isOnline(edge, this.#clock.monotonic())) return report.pendingBytes;
    // A lazy edge fetches only what readers request, which is not known in advance.
    if (edge.report?.limits.storage === 'lazy') return 0;
    return this.#bytesBetween(site.id, report?.revision ?? 0, site.revision);
  }

  async #bytesBetween(site: number, from: number, to: number): Promise<number> {
    const key = `${site} ${from} ${to}`;
    let bytes = this.#diffBytes.get(key);
    if (bytes === undefined) {
      bytes = await this.#catalog.diffBytes(site, from, to);
      this.#diffBytes.set(key, bytes);
    }
    return bytes;
  }
}

function divergence({ isDiverged, report }: EdgeRecord, head: number): EdgeStatus['diverged'] {
  return isDiverged ? { position: report?.position ?? 0, head } : null;
}

function siteReports(report: EdgeReport | null): ReadonlyMap<number, SiteReport> {
  return new Map(report?.sites.map((reported) => [reported.site, reported]));
}

/** The newest fault, if the edge met it within the last minute. */
function freshFault(report: EdgeReport | null): Observed['fault'] {
  const newest = report?.faults.at(-1);
  return newest !== undefined && report !== null && report.time - newest.time < FRESH_MS ? newest : null;
}

function shownUse({ sites: _sites, ...use }: EdgeUse): NonNullable<EdgeStatus['use']> {
  const { requests, misses } = use;
  return { ...use, hitRatio: requests === 0 ? null : Math.max(0, 1 - misses / requests) };
}

/** The responses that readers got from each site under the revision that the edge shows. */
function readersOf(use: EdgeUse | null): ReadonlyMap<number, EdgeStatus['sites'][string]['readers']> {
  return new Map(
    use?.sites.map(([site, revision, requests, errors, bytes]) => [
      site,
      { revision, requests, errors, bytes },
    ]),
  );
}
