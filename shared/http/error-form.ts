import type { FastifyRequest } from 'fastify';
import type { SkerryError } from '../errors.ts';
import { PROBLEM_TYPE, toProblem } from '../wire/problem.ts';

/** What an answer says of an error. A server whose clients speak another protocol says it in their words. */
export type ErrorForm = (error: SkerryError, request: FastifyRequest) => ErrorAnswer;

interface ErrorAnswer {
  readonly status: number;
  /** The media type of the body. */
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** As RFC 9457 problems with the codes of the table. */
export const asProblem: ErrorForm = (error) => ({
  status: error.status,
  type: PROBLEM_TYPE,
  headers:
    error.code === 'unauthenticated' || error.code === 'bad-admin-token'
      ? { 'www-authenticate': 'Bearer' }
      : {},
  body: JSON.stringify(toProblem(error)),
});
