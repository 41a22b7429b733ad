import type { Clock } from '../clock.ts';
import { FairTurns } from '../fair-turns.ts';
import { MemberBudgets } from '../member-budgets.ts';
import { moduleUrl } from '../module-url.ts';
import { type Remote, startThreads, type Thread } from '../thread.ts';
import type { Checked, Claimed, ReportCheck } from './report-check.ts';
import { SIGNATURES } from './signature-budget.ts';

/** An edge sends one report at a time, and the next when it has given an answer up. */
const MOST_WAITING = { perOwner: 4, inAll: 4096 };

export function startReportCheck(log: string): Thread<ReportCheck> {
  return startThreads<ReportCheck>(moduleUrl('./report-check.worker', import.meta.url), 1, { log });
}

/**
 * Checks what edges report, in a thread. Senders take turns, and each member has a budget: it pays for what it signed
 * itself, forged receipts in it included, and for what it sends that is not signed or old, since those below it cannot
 * help that.
 */
export class ReportChecks {
  readonly #check: Remote<ReportCheck>;
  readonly #method: keyof ReportCheck;
  readonly #budgets: MemberBudgets;
  readonly #turns = new FairTurns({ ...MOST_WAITING, atOnce: 1 });

  constructor(check: Remote<ReportCheck>, method: keyof ReportCheck, clock: Clock) {
    this.#check = check;
    this.#method = method;
    this.#budgets = new MemberBudgets(SIGNATURES, clock);
  }

  /**
   * What each of them is, in their order; undefined for one whose signer has spent its budget. Throws
   * `too-many-requests` for a sender that has, or that has too much waiting.
   */
  async of(sender: string, reports: readonly Claimed[]): Promise<(Checked | undefined)[]> {
    this.#budgets.check(sender);
    return this.#turns.run(sender, async () => {
      this.#budgets.check(sender);
      const all: (Checked | undefined)[] = [];
      for (const [i, claimed] of reports.entries()) {
        const { edge } = claimed.signed;
        const mayBegin = i === 0 || this.#budgets.left(edge) > 0;
        const checked = mayBegin ? await this.#check[this.#method](claimed) : undefined;
        if (checked !== undefined) {
          // A parent checks no receipts: it cannot know that what it passes on is a lie, and its signer does.
          const isItsOwn = 'report' in checked ? checked.isFresh : checked.isSigned;
          this.#budgets.spend(isItsOwn ? edge : sender, checked.cost);
        }
        all.push(checked);
      }
      return all;
    });
  }
}
