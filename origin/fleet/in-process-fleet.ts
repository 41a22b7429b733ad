import type { Clock } from '../../shared/clock.ts';
import { Batcher } from '../../shared/concurrency/batcher.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import { SkerryError } from '../../shared/errors.ts';
import { type SignedGrant, signGrant } from '../../shared/log/grant.ts';
import type { Receipt } from '../../shared/log/receipt.ts';
import { type Revocation, signRevocation } from '../../shared/log/revocation.ts';
import { kindsOfStatements, type Statement } from '../../shared/log/statements.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { ReportChecks } from '../../shared/reports/report-checks.ts';
import type { PublicKey, SigningKey } from '../../shared/signing/keys.ts';
import type { AliasShown } from '../../shared/wire/alias-api.ts';
import type { EdgeStatus } from '../../shared/wire/api.ts';
import {
  type EdgeReport,
  type MemberKey,
  MOST_LISTS_BYTES,
  type NewMember,
  type ReportAnswer,
  type SignedReport,
} from '../../shared/wire/protocol.ts';
import { caller } from '../callers/caller.ts';
import type { EdgeRow, FleetCalls, MemberChange } from '../catalog/fleet-calls.ts';
import type { PurgeCalls } from '../catalog/purge-calls.ts';
import type { ReceiptCalls } from '../catalog/receipt-calls.ts';
import { type LeaseTerms, leaseTerms, SHORTEST_TERMS } from '../publish/lease.ts';
import type { EdgeSyncStatus } from '../publish/sync-edges.ts';
import type { ObservedEdge } from '../reconcile/reconcile-plan.ts';
import type { TaskDesk } from '../tasks/task-board.ts';
import type { TaskEdge } from '../tasks/task-plan.ts';
import type { Divergence } from './divergence.ts';
import {
  byName,
  type EdgeRecord,
  grantLease,
  grantServing,
  isParticipant,
  joined,
  keepsUp,
  known,
  leaseLeft,
  notePruned,
  observedEdge,
  replaced,
  servingLeft,
  shownRevision,
  shownUnder,
  taskEdge,
} from './edge-record.ts';
import { EdgeStatuses, type StatusReads } from './edge-status.ts';
import type { Fleet } from './fleet.ts';
import { type Told, toldByReports } from './health-events-state.ts';
import type { Health } from './health-state.ts';
import { confirm, freshReports, takeIn, type Verified, verifyReports } from './report-intake.ts';
import { keepStatements, type StatementKeepers } from './statement-intake.ts';

export type FleetCatalog = Remote<FleetCalls> &
  Remote<ReceiptCalls> &
  Remote<Pick<PurgeCalls, 'addPurgeReceipts'>> &
  StatusReads;

export interface FleetOptions {
  readonly catalog: FleetCatalog;
  readonly clock: Clock;
  /** The log that the origin writes, and its epoch. */
  readonly identity: { readonly log: string; readonly epoch: number };
  /** The origin's signing key, which signs the responses to reports. */
  readonly key: SigningKey;
  readonly checks: ReportChecks;
  readonly divergence: Divergence;
  readonly tasks: TaskDesk;
}

/** An unchanged state of an edge is stored again after this time. */
const STORE_AGAIN_MS = 60_000;

/** Writes for many edges have their own turn in the catalog, so that the calls of one edge do not delay them. */
const inTurnOfReports = <T>(write: () => Promise<T>) => caller.run({ name: 'reports' }, write);

/** The fleet of a single origin, to which all edges report. */
export class InProcessFleet implements Fleet {
  /** Wakes after each report, and when a member is changed. */
  readonly changed = new Wakeup();
  readonly #catalog: FleetCatalog;
  readonly #clock: Clock;
  readonly #identity: FleetOptions['identity'];
  readonly #key: SigningKey;
  readonly #edges = new Map<string, EdgeRecord>();
  /** The required revision of each site that edges without a lease refuse to serve. */
  readonly #required = new Map<number, { readonly name: string; readonly revision: number }>();
  /** The sites that edges must not serve without a lease. */
  readonly #refusing = new Set<number>();
  readonly #checks: ReportChecks;
  readonly #divergence: Divergence;
  readonly #tasks: TaskDesk;
  readonly #statuses: EdgeStatuses;
  /** All edges report soon after a publish, and their receipts share a sync of the disk. */
  readonly #receipts: Batcher<readonly Receipt[], readonly Receipt[]>;
  readonly #keepers: StatementKeepers = {
    receipt: async (receipts) => {
      for (const receipt of await this.#receipts.add(receipts)) confirm(this.#edge(receipt.edge), receipt);
    },
    'purge-receipt': (receipts) => this.#catalog.addPurgeReceipts(receipts),
    'task-result': (results) => inTurnOfReports(() => this.#tasks.results(results)),
  };
  readonly #saved: Batcher<{ name: string; lastSeen: number; report: EdgeReport }, void>;

  /** The states of edges when the previous process ended. See `toldByReports`. */
  readonly toldBefore: ReadonlyMap<string, Told>;

  private constructor(
    { catalog, clock, identity, key, checks, divergence, tasks }: FleetOptions,
    rows: readonly EdgeRow[],
  ) {
    this.toldBefore = toldByReports(rows);
    this.#catalog = catalog;
    this.#clock = clock;
    this.#identity = identity;
    this.#key = key;
    this.#checks = checks;
    this.#divergence = divergence;
    this.#tasks = tasks;
    this.#statuses = new EdgeStatuses(catalog, clock);
    this.#receipts = new Batcher<readonly Receipt[], readonly Receipt[]>(
      (batch) => inTurnOfReports(() => catalog.addReceipts(batch.flat())),
      500,
    );
    this.#saved = new Batcher((reports) => inTurnOfReports(() => catalog.saveReports(reports)), 500);
  }

  static async open(options: FleetOptions): Promise<InProcessFleet> {
    const { catalog, clock } = options;
    const rows = await catalog.edges();
    const fleet = new InProcessFleet(options, rows);
    const longest = leaseTerms(rows.length);
    for (const row of rows) {
      const edge = known(row, clock.monotonic(), longest);
      fleet.#edges.set(row.name, edge);
      await fleet.#compare(edge);
    }
    for (const { id, name, revision, policy } of await catalog.sites()) {
      if (policy.sync.withoutLease === 'refuse') {
        fleet.#refusing.add(id);
        if (policy.mode === 'sync') await fleet.requireRevision({ id, name }, revision);
      }
      for (const edge of await catalog.confirming(id, revision))
        fleet.#edges.get(edge)?.confirmed.set(id, revision);
    }
    return fleet;
  }

  memberKeys(): MemberKey[] {
    const valid = [...this.#edges.values()].filter(({ row }) => !row.revoked);
    const keys = valid.map(({ row: { name, publicKey } }) => ({ name, publicKey }));
    return keys.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  keyOf(name: string): PublicKey | undefined {
    const row = this.#edges.get(name)?.row;
    return row === undefined || row.revoked ? undefined : (row.publicKey as PublicKey);
  }

  formerKeyOf(name: string): PublicKey | undefined {
    return (this.#edges.get(name)?.row.replaces ?? undefined) as PublicKey | undefined;
  }

  revocationOf(name: string): Revocation | undefined {
    const row = this.#edges.get(name)?.row;
    if (row === undefined || !row.revoked) return undefined;
    return signRevocation({ log: this.#identity.log, edge: name, publicKey: row.publicKey }, this.#key);
  }

  mayRead(name: string): readonly string[] | null {
    return this.#edge(name).row.mayRead;
  }

  async join(request: NewMember, token: { id: string; secretHash: Uint8Array }) {
    const { seq, edge, isNew } = await this.#catalog.join(request, token, this.#clock.now());
    const known = this.#edges.get(edge.name);
    if (known?.row.publicKey === edge.publicKey) return { seq, isNew };
    this.#edges.set(edge.name, known === undefined ? joined(edge) : replaced(known, edge));
    this.changed.wake();
    return { seq, isNew };
  }

  /** From here on, the caller has the name of its edge. Until then its name is an address, which others may share. */
  proven(name: string): void {
    const known = caller.getStore();
    if (known !== undefined) known.name = `edge ${name}`;
  }

  connected(name: string): () => void {
    this.#edge(name).lastSeen = this.#clock.now();
    return () => {};
  }

  async report(sender: string, reports: readonly SignedReport[]): Promise<ReportAnswer> {
    const verified = await verifyReports(this.#checks, sender, reports, (name) => this.#edges.get(name));
    const fresh = freshReports(verified);
    const keep = (statements: readonly Statement[]) => keepStatements(this.#keepers, statements);
    await takeIn(keep, fresh, this.#clock.now());
    for (const { edge, report } of fresh) {
      this.#tasks.reported(edge.row.name, report.tasks);
      await this.#compare(edge);
      this.#save(edge);
    }
    // The response to a stale report has the data that its edge needs in order to send a fresh one.
    let room = MOST_LISTS_BYTES;
    const grants = verified.map((one) => {
      const grant = this.#grant(one, fresh.includes(one), room);
      room -= grant.list === undefined ? 0 : Buffer.byteLength(grant.list);
      return grant;
    });
    this.changed.wake();
    return { grants };
  }

  /** `room` is how many bytes the list of assignments may have. Without room, the edge asks again at once. */
  #grant({ edge, report, digest }: Verified, isFresh: boolean, room: number): SignedGrant {
    const now = this.#clock.monotonic();
    const { row, reportTime: newest, isDiverged: diverged } = edge;
    const terms = this.#terms();
    const lease = isFresh ? grantLease(edge, now, terms) : 0;
    const serves = isFresh && this.#showsWhatItMust(edge) ? grantServing(edge, now, terms) : 0;
    const time = this.#clock.now();
    const list = this.#tasks.assignments(row.name);
    const assignments = list?.digest ?? null;
    const signed = signGrant(
      this.#identity,
      { edge: row.name, report: digest },
      {
        ...{ newest, time, lease, serves, heartbeat: terms.heartbeat },
        ...{ diverged, assignments, takes: [...kindsOfStatements] },
      },
      this.#key,
    );
    const isNews = list !== null && report.tasks?.assignments !== list.digest;
    return isNews && Buffer.byteLength(list.text) <= room ? { ...signed, list: list.text } : signed;
  }

  /**
   * Publishes to a site that edges must not serve without a lease wait until leases end. So while there is such a site,
   * all leases are short.
   */
  #terms(): LeaseTerms {
    return this.#refusing.size > 0 ? SHORTEST_TERMS : leaseTerms(this.#edges.size);
  }

  async #compare(edge: EdgeRecord): Promise<void> {
    const { report, row } = edge;
    if (report === null || row.revoked) return;
    edge.isDiverged = await this.#divergence.isDiverged(row.name, report);
  }

  /** Resolves at once, because all grants are made in this process. */
  async current(): Promise<void> {}

  async requireRevision(
    site: { readonly id: number; readonly name: string },
    revision: number | null,
  ): Promise<number | null> {
    const before = this.#required.get(site.id)?.revision ?? null;
    if (revision === null) this.#required.delete(site.id);
    else this.#required.set(site.id, { name: site.name, revision });
    return before;
  }

  async refusesWithoutLease({ id }: { readonly id: number }, refuses: boolean): Promise<void> {
    if (refuses) this.#refusing.add(id);
    else {
      this.#refusing.delete(id);
      this.#required.delete(id);
    }
  }

  #showsWhatItMust(edge: EdgeRecord): boolean {
    return [...this.#required].every(
      ([id, { name, revision }]) => !keepsUp(edge, name) || shownRevision(edge, id) >= revision,
    );
  }

  async change(name: string, change: MemberChange): Promise<EdgeStatus> {
    const edge = this.#edge(name);
    edge.row = await this.#catalog.changeMember(name, change, this.#clock.now());
    // The records of a revoked edge are ignored.
    if (edge.row.revoked) edge.isDiverged = false;
    this.changed.wake();
    return this.statusOf(name);
  }

  async status(): Promise<EdgeStatus[]> {
    return this.#statuses.of(byName(this.#edges));
  }

  underAlias(site: { readonly id: number; readonly name: string }, alias: string): AliasShown[] {
    return byName(this.#edges).flatMap((edge) => shownUnder(edge, site, alias) ?? []);
  }

  async statusOf(name: string): Promise<EdgeStatus> {
    const [status] = await this.#statuses.of([this.#edge(name)]);
    if (status === undefined) throw new Error('one edge has one status');
    return status;
  }

  /**
   * The health of every member. An edge is left out while it may still hold a lease of the previous process and has not
   * reported to this one.
   */
  async judged(): Promise<ReadonlyMap<string, Health>> {
    const now = this.#clock.monotonic();
    const members = [...this.#edges.values()].filter(
      (edge) => !edge.row.revoked && (edge.isHeard || leaseLeft(edge, now) === 0),
    );
    const judged = await this.#statuses.judged(members);
    return new Map(judged.map(({ edge, health }) => [edge.row.name, health]));
  }

  /** Called when the edge has deleted its old data, `ago` milliseconds ago. */
  pruned(name: string, ago: number): void {
    const edge = this.#edges.get(name);
    if (edge !== undefined) notePruned(edge, this.#clock.monotonic() - ago);
  }

  /** All edges, described for the planning of tasks. */
  taskEdges(): ReadonlyMap<string, TaskEdge> {
    const now = this.#clock.monotonic();
    return new Map([...this.#edges].map(([name, edge]) => [name, taskEdge(edge, now)]));
  }

  /** All edges, described for the reconciler. */
  observedEdges(): ObservedEdge[] {
    const now = this.#clock.monotonic();
    return [...this.#edges.values()].filter(({ row }) => !row.revoked).map((edge) => observedEdge(edge, now));
  }

  /** What is known about each edge, by name. */
  get records(): ReadonlyMap<string, EdgeRecord> {
    return this.#edges;
  }

  participants(site: string): string[] {
    const now = this.#clock.monotonic();
    return [...this.#edges.values()]
      .filter((edge) => isParticipant(edge, site, now))
      .map(({ row }) => row.name);
  }

  servers(site: string): string[] {
    const now = this.#clock.monotonic();
    return [...this.#edges.values()]
      .filter((edge) => keepsUp(edge, site) && servingLeft(edge, now) > 0)
      .map(({ row }) => row.name);
  }

  syncStatus(name: string, site: number, revision: number): EdgeSyncStatus {
    const edge = this.#edge(name);
    const shown = edge.report?.sites.find((reported) => reported.site === site);
    const isShown = shownRevision(edge, site) >= revision;
    // The publish stops waiting for an edge that was paused or drained in the meantime.
    const left = edge.row.paused || edge.row.drained ? 0 : leaseLeft(edge, this.#clock.monotonic());
    return {
      prepared: isShown || shown?.prepared === revision,
      visible: isShown && (edge.confirmed.get(site) ?? 0) >= revision,
      leaseLeft: left,
      servingLeft: servingLeft(edge, this.#clock.monotonic()),
    };
  }

  /** The save is not awaited: a lease does not depend on it, and after a crash the next report has the state again. */
  #save(edge: EdgeRecord): void {
    const { row, lastSeen, report, stored } = edge;
    if (lastSeen === null || report === null) return;
    const at = this.#clock.monotonic();
    const state = JSON.stringify({
      ...report,
      time: 0,
      offset: 0,
      use: undefined,
      tasks: undefined,
      trials: [],
    });
    // Most reports only show that the edge is still alive.
    if (stored?.state === state && at - stored.at < STORE_AGAIN_MS) return;
    this.#saved.add({ name: row.name, lastSeen, report }).then(
      () => {
        edge.stored = { state, at };
      },
      () => {},
    );
  }

  #edge(name: string): EdgeRecord {
    const edge = this.#edges.get(name);
    if (edge === undefined) throw new SkerryError('no-such-edge', `there is no edge ${name}`);
    return edge;
  }
}
