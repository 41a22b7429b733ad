import { join } from '../../edge/follow/upstream/join.ts';
import { Upstream } from '../../edge/follow/upstream/upstream.ts';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { Clock } from '../../shared/clock.ts';
import type { LeaseGrant, SignedGrant } from '../../shared/log/grant.ts';
import { type Receipt, signReceipt } from '../../shared/log/receipt.ts';
import { GENESIS, recordHash } from '../../shared/log/record.ts';
import { payloads } from '../../shared/log/record-kinds.ts';
import { generateSigningKey } from '../../shared/signing/keys.ts';
import { type EdgeReport, type SignedReport, signReport } from '../../shared/wire/protocol.ts';
import { askAs } from './as-member.ts';

interface ShownSite {
  revision: number;
  prepared: number;
}

/** Talks to an origin like an edge, but fetches nothing, and reports what the test wants. */
export class EdgeDouble {
  readonly name: string;
  /** Whether the edge prepares sync revisions, shows live ones, and sends receipts. */
  prepares = true;
  shows = true;
  signs = true;
  /** How often it was granted a lease. */
  granted = 0;
  readonly #origin: { url: string; client: ApiClient; clock: Clock };
  readonly #key = generateSigningKey();
  readonly #sites = new Map<number, ShownSite>();
  #receipts: Receipt[] = [];
  #log = '';
  #position = 0;
  #hash: string = GENESIS;
  #time = 0;
  #following: AbortController | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(origin: { url: string; client: ApiClient; clock: Clock }, name: string) {
    this.#origin = origin;
    this.name = name;
  }

  static async join(
    origin: { url: string; client: ApiClient; clock: Clock },
    name: string,
  ): Promise<EdgeDouble> {
    const edge = new EdgeDouble(origin, name);
    const { token } = await origin.client.createToken({ scope: 'join', edge: name });
    const upstream = new Upstream({ url: origin.url, isOrigin: true }, origin.clock);
    const place = { origin: origin.url, token, name, region: 'r', lat: null, lon: null };
    try {
      edge.#log = (await join(upstream, place, edge.#key, new AbortController().signal)).chain.log;
    } finally {
      await upstream.close();
    }
    return edge;
  }

  /** Reads the log and sends a report, again and again. */
  follow(everyMs = 20): void {
    const following = new AbortController();
    this.#following = following;
    this.#ended = (async () => {
      while (!following.signal.aborted) {
        try {
          await this.takeIn();
          await this.send([this.signed()]);
        } catch {
          // The origin is offline, so the next turn tries again.
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    })();
  }

  /** Stops reading and reporting. */
  async stop(): Promise<void> {
    this.#following?.abort();
    await this.#ended.catch(() => {});
  }

  async takeIn(): Promise<void> {
    const { records } = await this.#origin.client.log(this.#position + 1, 1000);
    for (const record of records) {
      const { kind, site, revision, root, seq, payload } = record;
      // If the edge does not switch, it stays at its position in the log.
      if (kind === 'activate' && !this.shows) return;
      this.#position = seq;
      this.#hash = recordHash(record);
      const shown = this.#sites.get(site) ?? { revision: 0, prepared: 0 };
      if (kind === 'revision' && payloads.revision.parseText(payload).mode === 'sync')
        if (this.prepares) shown.prepared = revision;
      if (kind === 'abort') shown.prepared = 0;
      if (kind === 'activate' && root !== null) {
        Object.assign(shown, { revision, prepared: 0 });
        const receipt = { edge: this.name, site, revision, root, seq, since: 1, covers: 'all' };
        if (this.signs) this.#receipts.push(signReceipt({ log: this.#log, epoch: 1, ...receipt }, this.#key));
      }
      if (site !== 0) this.#sites.set(site, shown);
    }
  }

  signed(changes: Partial<EdgeReport> = {}): SignedReport {
    this.#time = Math.max(this.#time + 1, this.#origin.clock.now());
    const report: EdgeReport = {
      time: this.#time,
      position: this.#position,
      hash: this.#hash,
      head: null,
      version: 'double',
      parent: null,
      limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null, storage: 'full' },
      sites: [...this.#sites].map(([site, { revision, prepared }]) => ({
        ...{ site, revision, prepared, target: revision, pendingBytes: 0, error: null },
      })),
      faults: [],
      statements: this.#receipts.map((body) => ({ kind: 'receipt', body })),
      ...changes,
    };
    return signReport(this.#log, this.name, report, this.#key);
  }

  /** Sends reports in one request, as this edge. */
  async send(
    reports: readonly SignedReport[],
  ): Promise<{ status: number; leases: Record<string, number>; code?: string }> {
    const member = { name: this.name, key: this.#key, log: this.#log };
    const asked = { method: 'POST', body: JSON.stringify({ reports }) };
    const answer = await askAs(member, this.#origin.url, '/feed/v1/report', asked);
    if (answer.status === 200) this.#receipts = [];
    const { grants = [], code } = JSON.parse(answer.body.toString()) as {
      grants?: SignedGrant[];
      code?: string;
    };
    const leases = grants
      .map(({ edge, text }) => [edge, (JSON.parse(text) as LeaseGrant).lease] as const)
      .filter(([, lease]) => lease > 0);
    if (leases.some(([edge]) => edge === this.name)) this.granted++;
    return { status: answer.status, leases: Object.fromEntries(leases), ...(code && { code }) };
  }
}
