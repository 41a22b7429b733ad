import type { FastifyRequest } from 'fastify';
import type { SkerryError } from '../errors.ts';
import { PROBLEM_TYPE, toProblem } from '../wire/problem.ts';

/** Turns an error into a response. A server for another protocol has its own form. */
export type ErrorForm = (error: SkerryError, request: FastifyRequest) => ErrorAnswer;

interface ErrorAnswer {
  readonly status: number;
  /** The media type of the body. */
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The form of RFC 9457 problems, with the codes of `shared/errors.ts`. */
export const asProblem: ErrorForm = (error) => ({
  status: error.status,
  type: PROBLEM_TYPE,
  headers:
    error.code === 'unauthenticated' || error.code === 'bad-admin-token'
      ? { 'www-authenticate': 'Bearer' }
      : {},
  body: JSON.stringify(toProblem(error)),
});
