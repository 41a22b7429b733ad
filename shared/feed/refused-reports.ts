import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import { MemberBudgets } from '../concurrency/member-budgets.ts';
import { MAX_REPORTS_BYTES } from '../wire/protocol.ts';
import { memberOf } from './member-proof.ts';

/** The bytes of refused reports that a member may send. An honest member hardly ever sends a report that is refused. */
const READ_IN_VAIN = { burst: 10 * MAX_REPORTS_BYTES, perSecond: 256 * 1024 };

/**
 * Charges members for refused reports. Accepted reports are charged elsewhere, by the number of signatures that were
 * checked. For a refused report, this class charges the time that the event loop needs to read its body.
 */
export class RefusedReports {
  readonly #budgets: MemberBudgets;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#budgets = new MemberBudgets(READ_IN_VAIN, clock);
  }

  /** Called before the body is read. Throws `too-many-requests` when the budget is spent. */
  check(request: FastifyRequest): void {
    this.#budgets.check(memberOf(request));
  }

  answered(request: FastifyRequest, { statusCode }: FastifyReply): void {
    if (request.member === null || statusCode < 400 || statusCode >= 500) return;
    const announced = Number(request.headers['content-length'] ?? MAX_REPORTS_BYTES);
    this.#budgets.spend(request.member, Math.min(announced, MAX_REPORTS_BYTES));
  }
}
