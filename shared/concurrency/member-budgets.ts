import type { Clock } from '../clock.ts';
import { SkerryError } from '../errors.ts';

export interface Budget {
  /** What a member may spend at once after a time of rest. */
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * What each member may have others work for it: a bucket that fills at a rate. What something costs is known when it is
 * done, so whoever has anything left may begin, and owes the rest.
 */
export class MemberBudgets {
  readonly #budget: Budget;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Members only, and so few; one that is not here has its whole burst. */
  readonly #spent = new Map<string, { amount: number; at: number }>();

  constructor(budget: Budget, clock: Pick<Clock, 'monotonic'>) {
    this.#budget = budget;
    this.#clock = clock;
  }

  /** Below zero: what it owes. */
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

  /** Throws `too-many-requests` for one that has nothing left. */
  check(member: string): void {
    const left = this.left(member);
    if (left > 0) return;
    const retryAfter = Math.max(1, Math.ceil(-left / this.#budget.perSecond));
    throw new SkerryError('too-many-requests', `${member} has had too much done for it`, {
      details: { retryAfter },
    });
  }
}
