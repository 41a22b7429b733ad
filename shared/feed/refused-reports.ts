import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import { MemberBudgets } from '../concurrency/member-budgets.ts';
import { MAX_REPORTS_BYTES } from '../wire/protocol.ts';
import { memberOf } from './member-proof.ts';

/** Bytes that a member may have read in vain: an honest one hardly ever sends what is refused. */
const READ_IN_VAIN = { burst: 10 * MAX_REPORTS_BYTES, perSecond: 256 * 1024 };

/**
 * The signatures of reports that are taken in are paid for by who made them. Those that are refused before cost the
 * reading of their bodies on the event loop, which is paid for here.
 */
export class RefusedReports {
  readonly #budgets: MemberBudgets;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#budgets = new MemberBudgets(READ_IN_VAIN, clock);
  }

  /** Before the body is read. Throws `too-many-requests`. */
  check(request: FastifyRequest): void {
    this.#budgets.check(memberOf(request));
  }

  answered(request: FastifyRequest, { statusCode }: FastifyReply): void {
    if (request.member === null || statusCode < 400 || statusCode >= 500) return;
    const announced = Number(request.headers['content-length'] ?? MAX_REPORTS_BYTES);
    this.#budgets.spend(request.member, Math.min(announced, MAX_REPORTS_BYTES));
  }
}
