import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { MemberBudgets } from '../../shared/concurrency/member-budgets.ts';
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

/** Three heartbeats fit into a lease. */
const HEARTBEAT_MS = 2000;
/** While a task runs, its progress is reported this often. */
const BUSY_HEARTBEAT_MS = 500;
const BACKOFF = { first: 200, most: 5000 };
/** The least time between two reports that the origin called for. */
const CALL_MS = 100;
/** A later answer comes too late for the lease, and another upstream may answer. */
const ANSWER_MS = 5000;
/** An upstream through which no report has reached the origin for this long is left for another. */
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
  /** Called when the origin answered the report that left at `sent`, by the monotonic clock. */
  readonly answered: (grant: LeaseGrant, sent: number) => void;
  /** Whether a task runs at this edge. */
  readonly isBusy: () => boolean;
  /**
   * Takes the list of assignments that the grant names. Returns false while the list is missing. Throws
   * `upstream-protocol` for a list that the origin did not sign.
   */
  readonly assigned: (digest: Digest | null, list: string | undefined) => boolean;
  /** Called with a lease of `ms` from `sent` on, by the monotonic clock. */
  readonly leased: (sent: number, ms: number) => void;
}

/** The upstream that has not yet brought the origin's answer, and since when. */
interface Owing {
  readonly upstream: Upstream;
  readonly since: number;
}

/** Reports the state of this edge and its children to the origin, at each change and every two seconds. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #changed = new Wakeup();
  #isDue = true;
  #isCalled = false;
  readonly #relays = new RelayQueue();
  #lastTime = 0;
  #lastCalled = Number.NEGATIVE_INFINITY;
  #owing: Owing | undefined;
  /** The upstream that has not yet brought the list of assignments that a grant named, and since when. */
  #listMissing: Owing | undefined;
  /** The kinds of statements that the origin keeps, as its last grant says; undefined before the first. */
  #takes: readonly string[] | undefined;
  /**
   * The edge keeps its own reports within these budgets, because a report that exceeds the origin's budgets brings no
   * lease.
   */
  readonly #signatures: MemberBudgets;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    this.#signatures = new MemberBudgets(OWN_SIGNATURES, parts.clock);
  }

  /** Called when something has changed that the origin should know. */
  changed(): void {
    this.#isDue = true;
    this.#changed.wake();
  }

  /** Called when the origin wants a report. It comes soon, but an upstream cannot make this edge report without end. */
  called(): void {
    this.#isCalled = true;
    this.changed();
  }

  /** Sends the reports of children with the next report of this edge. Resolves with what the origin granted them. */
  relay(sender: string, reports: readonly SignedReport[]): Promise<ReportAnswer> {
    const answer = this.#relays.add(sender, reports);
    this.changed();
    return answer;
  }

  /** Sends reports until the signal aborts. Statements stay in the catalog until the origin has acknowledged them. */
  async run(signal: AbortSignal): Promise<void> {
    const { upstreams, clock, log, isBusy } = this.#parts;
    let failures = 0;
    while (!signal.aborted) {
      if (!this.#isDue) await this.#changed.wait(isBusy() ? BUSY_HEARTBEAT_MS : HEARTBEAT_MS, signal);
      if (signal.aborted) break;
      if (this.#isCalled) await this.#restBetweenCalls(signal);
      this.#isDue = false;
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
      // The origin accepts only reports that are younger than the last one, so that nobody can replay one.
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
      const { serves, takes } = this.#granted(answer, own, { upstream, sent });
      this.#takes = takes;
      if (serves > 0) leased(sent, serves);
      relayed.answered(answer);
      // An older origin has ignored statements of other kinds. They wait for an origin that knows them.
      const kept = taken.filter(({ kind }) => takes.includes(kind));
      if (kept.length > 0) await catalog.acknowledged(kept);
      // When no statement fits, an immediate next report would have no more room than this one.
      const isLeftOut = taken.length > 0 && taken.length < unsent.length;
      const mayBeMore = most > 0 && unsent.length === most;
      if (mayBeMore || isLeftOut || !this.#relays.isEmpty) this.#isDue = true;
    } catch (error) {
      relayed.refused();
      throw error;
    }
  }

  async #restBetweenCalls(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    this.#isCalled = false;
    await clock.sleep(Math.max(0, this.#lastCalled + CALL_MS - clock.monotonic()), signal).catch(() => {});
    this.#lastCalled = clock.monotonic();
  }

  #mostStatements(): number {
    const left = Math.floor(this.#signatures.left(this.#parts.self.name));
    return Math.max(0, Math.min(MOST_STATEMENTS, left));
  }

  /**
   * The grant that the origin signed for this very report. Nobody in between can forge one, or withhold it unnoticed.
   */
  #granted(
    { grants }: ReportAnswer,
    own: SignedReport,
    { upstream, sent }: { upstream: Upstream; sent: number },
  ): LeaseGrant {
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
    if (grant.lease > 0) {
      this.#assigned(grant, signed?.list, upstream);
      return grant;
    }
    // The clock was set back while this edge was away, so it continues from the newest time that the origin has.
    this.#lastTime = Math.max(this.#lastTime, grant.newest);
    throw new SkerryError('unavailable', 'the origin has a newer report of this edge');
  }

  /**
   * Takes the assignments beside the grant. An answer may lack room for the list. A parent that keeps withholding it is
   * left like one that passes no reports on.
   */
  #assigned({ assignments }: LeaseGrant, list: string | undefined, upstream: Upstream): void {
    const { clock, assigned } = this.#parts;
    const isHere = assigned(assignments as Digest | null, list);
    if (isHere) {
      this.#listMissing = undefined;
      return;
    }
    this.called();
    const missing =
      this.#listMissing?.upstream === upstream ? this.#listMissing : { upstream, since: clock.monotonic() };
    this.#listMissing = missing;
    const error = new SkerryError('upstream-protocol', `${upstream.url} passes on no list of assignments`);
    if (clock.monotonic() - missing.since >= UNANSWERED_MS) this.#blame(missing, error);
  }

  /**
   * Leaves an upstream whose feed works but which does not pass reports on. After some time, the edge treats it like an
   * upstream that lies.
   */
  #blame({ upstream, since }: Owing, error: unknown): void {
    const { upstreams, clock, faults } = this.#parts;
    if (upstream !== upstreams.current) return;
    faults.note(error, upstream.url);
    if (isLie(error) || clock.monotonic() - since >= UNANSWERED_MS) upstreams.avoid(upstream);
  }
}
