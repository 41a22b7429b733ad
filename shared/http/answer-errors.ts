import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type ErrorCode, SkerryError, toSkerryError } from '../errors.ts';
import type { ErrorForm } from './error-form.ts';
import type { HttpServer } from './server.ts';

type AnswerError = (error: SkerryError, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Sends errors in the form that the server uses. */
export function errorAnswers(form: ErrorForm, log: Logger): AnswerError {
  return (error, request, reply) => {
    // What is not implemented is no failure.
    if (error.status >= 500 && error.status !== 501) log.error({ err: error }, 'a request failed');
    const { retryAfter = error.code === 'too-many-requests' ? 1 : undefined } = error.details;
    if (typeof retryAfter === 'number') reply.header('retry-after', retryAfter);
    const { status, type, headers = {}, body } = form(error, request);
    return reply.code(status).headers(headers).type(type).send(body);
  };
}

/** Uses `answer` for everything that routes and hooks throw, and for requests without a route. */
export function answerErrors(app: HttpServer, answer: AnswerError): void {
  app.setErrorHandler((error, request, reply) => answer(known(error), request, reply));
  app.setNotFoundHandler((request, reply) => answer(notFound(request), request, reply));
}

export function notFound({ method, url }: FastifyRequest): SkerryError {
  return new SkerryError('not-found', `there is no ${method} ${url}`);
}

/** The error for a request that Fastify refuses before it chooses a route. */
export function refusedUrl(error: FastifyError, url: string): SkerryError {
  const message = `the address ${url.slice(0, 200)} cannot be decoded, or a part of it is too long`;
  return new SkerryError('bad-path', message, { cause: error });
}

/** Turns Fastify's own errors, such as those of schemas and bodies, into errors of the table. */
function known(error: unknown): SkerryError {
  if (error instanceof SkerryError) return error;
  const { statusCode, message } = error as FastifyError;
  if (statusCode === undefined || statusCode >= 500) return toSkerryError(error);
  const code: ErrorCode = statusCode === 413 ? 'too-large' : 'bad-request';
  return new SkerryError(code, message, { cause: error });
}
