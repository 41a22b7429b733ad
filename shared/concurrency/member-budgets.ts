import type { Clock } from '../clock.ts';
import { SkerryError } from '../errors.ts';

export interface Budget {
  /** The amount that a member may spend at once after it has spent nothing for a while. */
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * Limits the work that each member may cause: a token bucket per member. The cost of a piece of work is known only when
 * it is done, so a member whose budget is above zero may begin, and may end up in debt.
 */
export class MemberBudgets {
  readonly #budget: Budget;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The map holds only members, so it stays small. A member that is not in the map may spend its whole burst. */
  readonly #spent = new Map<string, { amount: number; at: number }>();

  constructor(budget: Budget, clock: Pick<Clock, 'monotonic'>) {
    this.#budget = budget;
    this.#clock = clock;
  }

  /** The amount that the member may still spend. A negative number is its debt. */
  left(member: string): number {
    const { burst, perSecond } = this.#budget;
    const spent = this.#spent.get(member);
    if (spent === undefined) return burst;
    const regained = ((this.#clock.monotonic() - spent.at) / 1000) * perSecond;
    return burst - Math.max(0, spent.amount - regained);
  }

  spend(member: string, amount: number): void {
    const left = this.left(member) - amount;
    this.#spent.set(member, { amount: this.#budget.burst - left, at: this.#clock.monotonic() });
  }

  /** Throws `too-many-requests` when the member has nothing left. */
  check(member: string): void {
    const left = this.left(member);
    if (left > 0) return;
    const retryAfter = Math.max(1, Math.ceil(-left / this.#budget.perSecond));
    throw new SkerryError('too-many-requests', `${member} has used up its budget of work`, {
      details: { retryAfter },
    });
  }
}
