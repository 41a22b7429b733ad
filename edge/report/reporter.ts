import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import { type EdgeReport, type ReportAnswer, type SignedReport, signReport } from '../../shared/protocol.ts';
import { backoffDelay } from '../../shared/retry.ts';
import { Wakeup } from '../../shared/wakeup.ts';
import { machineTime } from '../activate/lease.ts';
import type { Caller } from '../follow/upstream.ts';
import type { Upstreams } from '../follow/upstreams.ts';
import type { EdgeCatalog } from '../store/catalog.ts';

/** Three fit into a lease. */
const HEARTBEAT_MS = 2000;
const BACKOFF = { first: 200, most: 5000 };
const RECEIPTS_PER_REPORT = 1000;
const MOST_RELAYED = 900;
/** Later answers come too late for the lease, and another upstream may answer. */
const ANSWER_MS = 5000;

export interface ReporterParts {
  readonly upstreams: Upstreams;
  readonly caller: Caller;
  readonly catalog: EdgeCatalog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly state: () => Promise<Omit<EdgeReport, 'receipts' | 'time'>>;
  /** A lease of `ms` from `sent` on, by the machine's monotonic clock. */
  readonly leased: (sent: number, ms: number) => void;
}

interface Relayed {
  readonly reports: readonly SignedReport[];
  readonly resolve: (answer: ReportAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Tells the origin where this edge and its children stand: at each change, and every two seconds. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #changed = new Wakeup();
  #isDue = true;
  #hasEnded = false;
  #relayed: Relayed[] = [];
  #lastTime = 0;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  /** Something that the origin should know has changed. */
  changed(): void {
    this.#isDue = true;
    this.#changed.wake();
  }

  /** Sends the reports of children with the next one of this edge; resolves with the origin's answer. */
  relay(reports: readonly SignedReport[]): Promise<ReportAnswer> {
    if (this.#hasEnded) return Promise.reject(new SkerryError('unavailable', 'this edge is about to end'));
    const waiting = this.#relayed.reduce((sum, relayed) => sum + relayed.reports.length, 0);
    if (waiting + reports.length > MOST_RELAYED)
      return Promise.reject(new SkerryError('unavailable', 'too many reports wait to be passed on'));
    return new Promise((resolve, reject) => {
      this.#relayed.push({ reports, resolve, reject });
      this.changed();
    });
  }

  /** Sends reports until the signal aborts; receipts stay in the catalog until the origin has acknowledged them. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    let failures = 0;
    while (!signal.aborted) {
      if (!this.#isDue) await this.#changed.wait(HEARTBEAT_MS, signal);
      if (signal.aborted) break;
      this.#isDue = false;
      try {
        await this.#send(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        log.debug({ err: error }, 'a report did not arrive');
        this.#isDue = true;
        await clock.sleep(backoffDelay(failures++, BACKOFF), signal).catch(() => {});
      }
    }
    this.#hasEnded = true;
    for (const { reject } of this.#relayed)
      reject(new SkerryError('unavailable', 'this edge is about to end'));
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { upstreams, caller, catalog, clock, state, leased } = this.#parts;
    const relayed = this.#relayed;
    this.#relayed = [];
    try {
      const receipts = await catalog.unsentReceipts(RECEIPTS_PER_REPORT);
      // The origin takes no report that is not younger than the last, so that nobody can replay one.
      this.#lastTime = Math.max(clock.now(), this.#lastTime + 1);
      const report = { ...(await state()), time: this.#lastTime, receipts };
      const own = signReport(caller.log, caller.name, report, caller.key);
      const sent = machineTime();
      const answer = await upstreams.current.report(
        caller,
        [own, ...relayed.flatMap(({ reports }) => reports)],
        AbortSignal.any([signal, upstreams.moved, AbortSignal.timeout(ANSWER_MS)]),
      );
      const serves = answer.serves[caller.name];
      if (serves !== undefined) leased(sent, serves);
      for (const { resolve } of relayed) resolve(answer);
      await catalog.markSent(receipts);
      if (receipts.length === RECEIPTS_PER_REPORT) this.#isDue = true;
    } catch (error) {
      for (const { reject } of relayed)
        reject(new SkerryError('unavailable', 'the report was not passed on'));
      throw error;
    }
  }
}
