import type { Clock } from '../../shared/clock.ts';
import { ByteCache } from '../../shared/process/byte-cache.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { EdgeStatus } from '../../shared/wire/api.ts';
import { type EdgeUse, NO_LIMITS, type SiteReport } from '../../shared/wire/protocol.ts';
import type { LogReads } from '../catalog/log-calls.ts';
import type { LagReads } from '../catalog/revision-calls.ts';
import type { SiteReads, SiteRow } from '../catalog/site-calls.ts';
import { type EdgeRecord, isOnline, replicates } from './edge-record.ts';
import { judge } from './health-state.ts';
import { edgeLag, siteStatus } from './lag.ts';

/** Room for the sizes of some thousand diffs. */
const DIFF_SIZES_BYTES = 512 * 1024;

/** The catalog's calls that a status needs. */
export type StatusReads = Remote<LagReads> &
  Pick<Remote<LogReads>, 'head'> &
  Pick<Remote<SiteReads>, 'sites'>;

/** Tells what each edge shows, and how far it is behind the live revisions. */
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

  async #edgeStatus(edge: EdgeRecord, sites: readonly SiteRow[], head: number): Promise<EdgeStatus> {
    const { row, report, lastSeen } = edge;
    const { name, region, lat, lon, paused, drained, labels, revoked, mayRead } = row;
    const shown: EdgeStatus['sites'] = {};
    const readers = readersOf(report?.use ?? null);
    for (const site of edge.isDiverged ? [] : sites)
      if (replicates(edge, site.name))
        shown[site.name] = { ...(await this.#siteStatus(edge, site)), readers: readers.get(site.id) ?? null };
    const position = report?.position ?? 0;
    const diverged = edge.isDiverged ? { position, head } : null;
    const health = judge(edge.health, this.#observed(edge, shown, diverged));
    edge.health = health;
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
      health: { state: health.state, reason: health.reason },
      use: report?.use === undefined ? null : shownUse(report.use),
      lag: edgeLag(head, position, shown),
      sites: shown,
    };
  }

  #observed(
    edge: EdgeRecord,
    shown: EdgeStatus['sites'],
    diverged: EdgeStatus['diverged'],
  ): Parameters<typeof judge>[1] {
    const { row, report, lastSeen } = edge;
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
    };
  }

  async #siteStatus(edge: EdgeRecord, site: SiteRow): Promise<Omit<EdgeStatus['sites'][string], 'readers'>> {
    const report = edge.report?.sites.find((reported) => reported.site === site.id);
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
    // A lazy edge fetches only what readers request, and nobody knows that in advance.
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

function shownUse({ sites: _sites, ...use }: EdgeUse): NonNullable<EdgeStatus['use']> {
  const { requests, misses } = use;
  return { ...use, hitRatio: requests === 0 ? null : Math.max(0, 1 - misses / requests) };
}

/** What readers got of each site under the revision that the edge shows. */
function readersOf(use: EdgeUse | null): ReadonlyMap<number, EdgeStatus['sites'][string]['readers']> {
  return new Map(
    use?.sites.map(([site, revision, requests, errors, bytes]) => [
      site,
      { revision, requests, errors, bytes },
    ]),
  );
}
