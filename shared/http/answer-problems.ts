import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type ErrorCode, SkerryError, toSkerryError } from '../errors.ts';
import { PROBLEM_TYPE, toProblem } from '../wire/problem.ts';
import type { FeedServer } from './server.ts';

/** Lets a server answer errors as RFC 9457 problems with the codes of the table. */
export function answerWithProblems(app: FeedServer, log: Logger): void {
  app.setErrorHandler((error, _request, reply) => answerProblem(reply, known(error), log));
  app.setNotFoundHandler((request, reply) => answerProblem(reply, notFound(request), log));
}

export function notFound({ method, url }: FastifyRequest): SkerryError {
  return new SkerryError('not-found', `there is no ${method} ${url}`);
}

/** Fastify's own refusals, of schemas and of bodies, in the words of the table. */
function known(error: unknown): SkerryError {
  if (error instanceof SkerryError) return error;
  const { statusCode, message } = error as FastifyError;
  if (statusCode === undefined || statusCode >= 500) return toSkerryError(error);
  const code: ErrorCode = statusCode === 413 ? 'too-large' : 'bad-request';
  return new SkerryError(code, message, { cause: error });
}

export function answerProblem(reply: FastifyReply, error: SkerryError, log: Logger): FastifyReply {
  if (error.status >= 500) log.error({ err: error }, 'a request failed');
  if (error.code === 'too-many-requests') reply.header('retry-after', String(error.details.retryAfter ?? 1));
  if (error.code === 'unauthenticated' || error.code === 'bad-admin-token')
    reply.header('www-authenticate', 'Bearer');
  if (typeof error.details.retryAfter === 'number') reply.header('retry-after', error.details.retryAfter);
  return reply
    .code(error.status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(toProblem(error)));
}
