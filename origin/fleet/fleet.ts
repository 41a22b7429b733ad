import { LRUCache } from 'lru-cache';
import type { EdgeStatus } from '../../shared/api.ts';
import { Batcher } from '../../shared/batcher.ts';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { FeedMembers } from '../../shared/feed/feed-source.ts';
import type { KeyFingerprint, PublicKey } from '../../shared/keys.ts';
import type { EdgeReport, JoinRequest } from '../../shared/protocol.ts';
import { verifyReceipt } from '../../shared/receipt.ts';
import type { Seq } from '../../shared/record.ts';
import type { Wakeup } from '../../shared/wakeup.ts';
import type { Catalog, EdgeRow, SiteRow } from '../log/catalog.ts';
import { edgeLag, siteStatus } from './lag.ts';
import { parseJoinToken } from './tokens.ts';

/** An edge that says nothing for this long is not online, whatever its connection looks like. */
const SILENCE_MS = 15_000;

interface Seen {
  readonly row: EdgeRow;
  streams: number;
  lastSeen: number | null;
  report: EdgeReport | null;
}

export interface FleetOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** The log's id. */
  readonly log: string;
  readonly recovery: KeyFingerprint;
  readonly appended: Wakeup;
}

/** The edges: who belongs to the log, who is here, and what each one shows. */
export class Fleet implements FeedMembers {
  readonly appended: Wakeup;
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #log: string;
  readonly #recovery: KeyFingerprint;
  readonly #edges = new Map<string, Seen>();
  readonly #diffBytes = new LRUCache<string, number>({ max: 1000 });
  readonly #reports: Batcher<{ name: string; lastSeen: number; report: EdgeReport }, void>;

  private constructor({ catalog, clock, log, recovery, appended }: FleetOptions) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#log = log;
    this.#recovery = recovery;
    this.appended = appended;
    this.#reports = new Batcher((reports) => catalog.saveReports(reports), 500);
  }

  static async open(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    for (const row of await options.catalog.edges()) fleet.#admit(row);
    return fleet;
  }

  keyOf(name: string): PublicKey | undefined {
    return this.#edges.get(name)?.row.publicKey as PublicKey | undefined;
  }

  /** Throws `bad-join-token` and `name-taken`. */
  async join(request: JoinRequest): Promise<Seq> {
    const token = parseJoinToken(request.token, this.#recovery);
    if (token === undefined)
      throw new SkerryError('bad-join-token', 'that is not a join token of this origin');
    const { seq } = await this.#catalog.join(request, token, this.#clock.now());
    const { name, region, lat, lon, publicKey } = request;
    if (!this.#edges.has(name))
      this.#admit({ name, region, lat, lon, publicKey, lastSeen: null, report: null });
    this.appended.wake();
    return seq;
  }

  connected(name: string): () => void {
    const edge = this.#edge(name);
    edge.streams++;
    edge.lastSeen = this.#clock.now();
    return () => {
      edge.streams--;
    };
  }

  /** Receipts are durable when it resolves; of the rest only the newest report counts. */
  async report(name: string, report: EdgeReport): Promise<void> {
    const edge = this.#edge(name);
    const key = edge.row.publicKey as PublicKey;
    for (const receipt of report.receipts) {
      if (receipt.edge !== name || receipt.log !== this.#log || !verifyReceipt(receipt, key)) {
        throw new SkerryError('bad-request', 'a receipt is not signed by the edge that reports it');
      }
    }
    if (report.receipts.length > 0) await this.#catalog.addReceipts(report.receipts);
    edge.report = { ...report, receipts: [] };
    edge.lastSeen = this.#clock.now();
    await this.#reports.add({ name, lastSeen: edge.lastSeen, report: edge.report });
  }

  async status(): Promise<EdgeStatus[]> {
    const sites = await this.#catalog.sites();
    const { seq: head } = await this.#catalog.head(this.#clock.now());
    const edges = [...this.#edges.values()].sort((a, b) => (a.row.name < b.row.name ? -1 : 1));
    return Promise.all(edges.map((edge) => this.#edgeStatus(edge, sites, head)));
  }

  async #edgeStatus(edge: Seen, sites: readonly SiteRow[], head: number): Promise<EdgeStatus> {
    const { name, region, lat, lon } = edge.row;
    const now = this.#clock.now();
    const shown: EdgeStatus['sites'] = {};
    for (const site of sites) shown[site.name] = await this.#siteStatus(edge, site, now);
    const position = edge.report?.position ?? 0;
    return {
      name,
      region,
      lat,
      lon,
      version: edge.report?.version ?? null,
      online: edge.streams > 0 && edge.lastSeen !== null && now - edge.lastSeen < SILENCE_MS,
      lastSeen: edge.lastSeen,
      position,
      lag: edgeLag(head, position, shown),
      sites: shown,
    };
  }

  async #siteStatus(edge: Seen, site: SiteRow, now: number): Promise<EdgeStatus['sites'][string]> {
    const report = edge.report?.sites.find((reported) => reported.site === site.id);
    const visible = report?.revision ?? 0;
    const isBehind = visible < site.revision;
    const isFetching = report?.target === site.revision && edge.streams > 0 && report.pendingBytes > 0;
    return siteStatus(
      {
        live: site.revision,
        visible,
        bytes: !isBehind
          ? 0
          : isFetching
            ? report.pendingBytes
            : await this.#bytesBetween(site.id, visible, site.revision),
        behindSince: isBehind ? await this.#catalog.nextRevisionTime(site.id, visible) : undefined,
        error: report?.error ?? null,
      },
      now,
    );
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

  #admit(row: EdgeRow): void {
    this.#edges.set(row.name, { row, streams: 0, lastSeen: row.lastSeen, report: row.report });
  }

  #edge(name: string): Seen {
    const edge = this.#edges.get(name);
    if (edge === undefined) throw new SkerryError('no-such-edge', `there is no edge ${name}`);
    return edge;
  }
}
