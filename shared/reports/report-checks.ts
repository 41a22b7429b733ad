import type { Clock } from '../clock.ts';
import { FairTurns } from '../concurrency/fair-turns.ts';
import { MemberBudgets } from '../concurrency/member-budgets.ts';
import { moduleUrl } from '../process/module-url.ts';
import { type Remote, startThreads, type Thread } from '../process/thread.ts';
import { type Checked, type Claimed, openReportCheck, type ReportCheck } from './report-check.ts';
import { SIGNATURES, SIGNATURES_AT_HAND } from './signature-budget.ts';

/** An edge sends one report at a time, and may send the next when it has given up waiting for a response. */
const MOST_WAITING = { perOwner: 4, inAll: 4096 };

/** The size of a report with a few sites and statements. Handing it to a thread takes longer than checking it. */
const SMALL_REPORT = 8 * 1024;

/** The places where reports are checked. */
export interface ReportCheckers {
  /** Checks small reports on the event loop. */
  readonly atHand: ReportCheck;
  /** Checks all other reports in a thread. */
  readonly apart: Remote<ReportCheck>;
}

export function startReportCheckers(log: string): ReportCheckers & Pick<Thread<ReportCheck>, 'close'> {
  const module = moduleUrl('./report-check.worker', import.meta.url);
  const { remote, close } = startThreads<ReportCheck>(module, 1, { log });
  return { atHand: openReportCheck(log), apart: remote, close };
}

/**
 * Checks the reports of edges. Small reports are checked on the event loop, up to the number that an honest edge sends.
 * All other reports are checked in a thread. Senders take turns, and each member has a budget. A member pays for the
 * reports that it signed, even if it forged statements in them. It also pays for unsigned or old reports that it
 * relays, because the edges that they name cannot prevent them.
 */
export class ReportChecks {
  readonly #checkers: ReportCheckers;
  readonly #method: keyof ReportCheck;
  readonly #budgets: MemberBudgets;
  readonly #atHand: MemberBudgets;
  readonly #turns = new FairTurns({ ...MOST_WAITING, atOnce: 1 });

  constructor(checkers: ReportCheckers, method: keyof ReportCheck, clock: Clock) {
    this.#checkers = checkers;
    this.#method = method;
    this.#budgets = new MemberBudgets(SIGNATURES, clock);
    this.#atHand = new MemberBudgets(SIGNATURES_AT_HAND, clock);
  }

  /**
   * Checks the reports and returns the results in their order, with undefined for a report whose signer has spent its
   * budget. Throws `too-many-requests` when the sender has spent its budget or has too much waiting.
   */
  async of(sender: string, reports: readonly Claimed[]): Promise<(Checked | undefined)[]> {
    this.#budgets.check(sender);
    return this.#turns.run(sender, async () => {
      this.#budgets.check(sender);
      const all: (Checked | undefined)[] = [];
      for (const [i, claimed] of reports.entries()) {
        const { edge } = claimed.signed;
        const mayBegin = i === 0 || this.#budgets.left(edge) > 0;
        const checked = mayBegin ? await this.#check(sender, claimed) : undefined;
        if (checked !== undefined) {
          // A parent does not check statements, so it may forward a forged one without knowing it. The signer of the
          // report is responsible, so the signer pays.
          const isItsOwn = 'report' in checked ? checked.isFresh : checked.isSigned;
          this.#budgets.spend(isItsOwn ? edge : sender, checked.cost);
        }
        all.push(checked);
      }
      return all;
    });
  }

  async #check(sender: string, claimed: Claimed): Promise<Checked> {
    const { atHand, apart } = this.#checkers;
    if (claimed.signed.text.length > SMALL_REPORT || this.#atHand.left(sender) <= 0)
      return apart[this.#method](claimed);
    const checked = atHand[this.#method](claimed);
    this.#atHand.spend(sender, checked.cost);
    return checked;
  }
}
