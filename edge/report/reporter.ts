import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { type Budget, MemberBudgets } from '../../shared/concurrency/member-budgets.ts';
import { backoffDelay } from '../../shared/concurrency/retry.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import { type Digest, digestOf } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { ChainState } from '../../shared/log/chain-state.ts';
import { type LeaseGrant, verifiedGrant } from '../../shared/log/grant.ts';
import { OWN_SIGNATURES } from '../../shared/reports/signature-budget.ts';
import type { EdgeReport, ReportAnswer, SignedReport } from '../../shared/wire/protocol.ts';
import { MAX_REPORT_BYTES, MOST_STATEMENTS } from '../../shared/wire/protocol.ts';
import { type Faults, isLie } from '../follow/faults.ts';
import type { Self } from '../follow/upstream/transfer.ts';
import type { Upstream } from '../follow/upstream/upstream.ts';
import type { Upstreams } from '../follow/upstream/upstreams.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import { fittingReport } from './fitting-report.ts';
import { RelayQueue } from './relay-queue.ts';

/** The heartbeat interval until the first grant names another one. */
const FIRST_HEARTBEAT_MS = 2000;
/**
 * Each heartbeat is early by a random fraction of the interval, up to this one. So edges that report at the same time
 * drift apart.
 */
const SPREAD = 0.2;
/** While a task runs, its progress is reported this often. */
const BUSY_HEARTBEAT_MS = 500;
const BACKOFF = { first: 200, most: 5000 };
/** The limit for reports that are sent on request. The feed that forwards the requests is not trusted. */
const CALLED: Budget = { burst: 5, perSecond: 2 };
/** An answer that takes longer than this comes too late for the lease, and another upstream may be faster. */
const ANSWER_MS = 5000;
/** If an upstream has not delivered the origin's answers for this long, the edge changes to another upstream. */
const UNANSWERED_MS = 30_000;

export interface ReporterParts {
  readonly upstreams: Upstreams;
  readonly self: Self;
  readonly catalog: EdgeCatalog;
  readonly clock: Clock;
  /** The time of the log. */
  readonly now: () => number;
  readonly log: Logger;
  readonly faults: Faults;
  /** The log, its epoch, and the key that the origin currently signs with. */
  readonly origin: () => Pick<ChainState, 'log' | 'epoch' | 'key'>;
  readonly state: () => Promise<Omit<EdgeReport, 'statements' | 'time'>>;
  /** Called when the origin has answered the report that was sent at `sent`, a time of the monotonic clock. */
  readonly answered: (grant: LeaseGrant, sent: number) => void;
  /** Whether a task is running at this edge. */
  readonly isBusy: () => boolean;
  /**
   * Called with the digest of the list of assignments that the grant names, and with the list if it arrived. Returns
   * whether the edge now has this list.
   */
  readonly assigned: (digest: Digest | null, list: string | undefined) => ListArrival;
  /** Called for each report to which the origin did not answer. */
  readonly unanswered: () => void;
  /** Called when the origin has granted a lease of `ms` that begins at `sent`, a time of the monotonic clock. */
  readonly leased: (sent: number, ms: number) => void;
}

/**
 * Whether the edge has the list of assignments that a grant names. `missing` means that the answer lacks the list.
 * `altered` means that the list does not have the digest that the origin signed.
 */
export type ListArrival = 'here' | 'missing' | 'altered';

/** An upstream that has owed the origin's answer, or a list that a grant named, since this time. */
interface Owing {
  readonly upstream: Upstream;
  readonly since: number;
}

/** Reports the state of this edge and its children to the origin, at each change and at each heartbeat. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #changed = new Wakeup();
  #isDue = true;
  #isCalled = false;
  readonly #relays = new RelayQueue();
  #lastTime = 0;
  #owing: Owing | undefined;
  /** The upstream that has not yet delivered the list of assignments that a grant named. */
  #listOwing: Owing | undefined;
  #heartbeat = FIRST_HEARTBEAT_MS;
  /** The kinds of statements that the origin keeps, according to its last grant. Undefined before the first grant. */
  #takes: readonly string[] | undefined;
  /**
   * The edge keeps its own reports within these budgets, because a report that exceeds the origin's budgets gets no
   * lease.
   */
  readonly #signatures: MemberBudgets;
  readonly #calls: MemberBudgets;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    this.#calls = new MemberBudgets(CALLED, parts.clock);
    this.#signatures = new MemberBudgets(OWN_SIGNATURES, parts.clock);
  }

  /** Called when a change has happened that the origin should learn of. */
  changed(): void {
    this.#isDue = true;
    this.#changed.wake();
  }

  /**
   * Called when an upstream requests a report. The report is sent soon, but however many requests arrive, the number of
   * reports is limited.
   */
  called(): void {
    if (this.#isCalled) return;
    this.#isCalled = true;
    this.#changed.wake();
  }

  /**
   * Sends the reports of children together with the next report of this edge. Resolves with the origin's grants for
   * them.
   */
  relay(sender: string, reports: readonly SignedReport[]): Promise<ReportAnswer> {
    const answer = this.#relays.add(sender, reports);
    this.changed();
    return answer;
  }

  /** Sends reports until the signal aborts. Statements stay in the catalog until the origin has acknowledged them. */
  async run(signal: AbortSignal): Promise<void> {
    const { upstreams, clock, log, unanswered } = this.#parts;
    let failures = 0;
    while (!signal.aborted) {
      await this.#untilDue(signal);
      if (signal.aborted) break;
      this.#isDue = false;
      this.#isCalled = false;
      const upstream = upstreams.current;
      const owing = this.#owing?.upstream === upstream ? this.#owing : { upstream, since: clock.monotonic() };
      this.#owing = owing;
      try {
        await this.#send(upstream, signal);
        failures = 0;
        this.#owing = undefined;
      } catch (error) {
        if (signal.aborted) break;
        log.debug({ err: error }, 'a report did not arrive');
        this.#isDue = true;
        unanswered();
        this.#blame(owing, error);
        await clock.sleep(backoffDelay(failures++, BACKOFF), signal).catch(() => {});
      }
    }
    this.#relays.close();
  }

  async #send(upstream: Upstream, signal: AbortSignal): Promise<void> {
    const { upstreams, self, catalog, clock, now, state, leased } = this.#parts;
    const relayed = this.#relays.take();
    try {
      const most = this.#mostStatements();
      const unsent = most === 0 ? [] : await catalog.unsentStatements(most, MAX_REPORT_BYTES, this.#takes);
      // The origin accepts a report only if it is newer than the last one, so that an old report cannot be replayed.
      this.#lastTime = Math.max(now(), this.#lastTime + 1);
      const report = { ...(await state()), time: this.#lastTime };
      const { own, taken } = fittingReport(self, report, unsent);
      this.#signatures.spend(self.name, 1 + taken.length);
      const sent = clock.monotonic();
      const answer = await upstream.report(
        self,
        [own, ...relayed.reports],
        AbortSignal.any([signal, upstreams.moved, AbortSignal.timeout(ANSWER_MS)]),
      );
      const { grant, list } = this.#granted(answer, own, { upstream, sent });
      const { serves, takes, heartbeat } = grant;
      this.#takes = takes;
      this.#heartbeat = heartbeat;
      if (serves > 0) leased(sent, serves);
      relayed.answered(answer);
      this.#assigned(grant, list, upstream);
      // An older origin ignores statements of other kinds, so they wait for an origin that knows them.
      const kept = taken.filter(({ kind }) => takes.includes(kind));
      if (kept.length > 0) await catalog.acknowledged(kept);
      // If no statement fits, it is useless to send another report immediately, because it would have no more room.
      const isLeftOut = taken.length > 0 && taken.length < unsent.length;
      const mayBeMore = most > 0 && unsent.length === most;
      if (mayBeMore || isLeftOut || !this.#relays.isEmpty) this.#isDue = true;
    } catch (error) {
      relayed.refused();
      throw error;
    }
  }

  /**
   * Waits for a change, a request for a report, or the next heartbeat. A request takes effect only when the limit for
   * requested reports allows another report.
   */
  async #untilDue(signal: AbortSignal): Promise<void> {
    const { self, isBusy } = this.#parts;
    if (!this.#isDue && !this.#isCalled)
      await this.#changed.wait(isBusy() ? BUSY_HEARTBEAT_MS : this.#quietWait(), signal);
    if (this.#isDue || !this.#isCalled) return;
    // A change ends this wait. Another request for a report does not.
    const lacking = 1 - this.#calls.left(self.name);
    if (lacking > 0) await this.#changed.wait((lacking / CALLED.perSecond) * 1000, signal);
    if (!this.#isDue) this.#calls.spend(self.name, 1);
  }

  #quietWait(): number {
    return this.#heartbeat * (1 - SPREAD * Math.random());
  }

  #mostStatements(): number {
    const left = Math.floor(this.#signatures.left(this.#parts.self.name));
    return Math.max(0, Math.min(MOST_STATEMENTS, left));
  }

  /**
   * Returns the grant that the origin signed for exactly this report. No relay can forge a grant, and the edge notices
   * if a grant is withheld.
   */
  #granted(
    { grants }: ReportAnswer,
    own: SignedReport,
    { upstream, sent }: { upstream: Upstream; sent: number },
  ): { readonly grant: LeaseGrant; readonly list: string | undefined } {
    const { self, origin, answered } = this.#parts;
    const digest = digestOf(own.text);
    const signed = grants.find(({ edge, report }) => edge === self.name && report === digest);
    const grant = signed && verifiedGrant(origin(), signed, origin().key);
    if (grant === undefined)
      throw new SkerryError(
        'bad-signature',
        `${upstream.url} answers a report without a signed answer of the origin`,
      );
    answered(grant, sent);
    if (grant.lease > 0) return { grant, list: signed?.list };
    // The origin has a report with a later time than this edge's clock, which was set back. So the edge continues from
    // that time.
    this.#lastTime = Math.max(this.#lastTime, grant.newest);
    throw new SkerryError('unavailable', 'the origin has a newer report of this edge');
  }

  /**
   * Processes the list of assignments that accompanies the grant. The grant is valid even without the list. An answer
   * may lack room for the list, so the edge asks again. It leaves an upstream only if the upstream keeps withholding
   * the list.
   */
  #assigned({ assignments }: LeaseGrant, list: string | undefined, upstream: Upstream): void {
    const { clock, assigned } = this.#parts;
    const arrival = assigned(assignments as Digest | null, list);
    if (arrival === 'here') {
      this.#listOwing = undefined;
      return;
    }
    const since = clock.monotonic();
    this.#listOwing = this.#listOwing?.upstream === upstream ? this.#listOwing : { upstream, since };
    const isWithheld = since - this.#listOwing.since >= UNANSWERED_MS;
    if (arrival === 'altered' || isWithheld)
      this.#blame(
        this.#listOwing,
        new SkerryError(
          'upstream-protocol',
          `${upstream.url} passes on no list that the origin's grant names`,
        ),
      );
    this.called();
  }

  /**
   * Notes the fault of an upstream whose feed works but which does not pass on reports or lists. The edge avoids the
   * upstream if it sent false data, or if this has lasted for too long.
   */
  #blame({ upstream, since }: Owing, error: unknown): void {
    const { upstreams, clock, faults } = this.#parts;
    if (upstream !== upstreams.current) return;
    faults.note(error, upstream.url);
    if (isLie(error) || clock.monotonic() - since >= UNANSWERED_MS) upstreams.avoid(upstream);
  }
}
