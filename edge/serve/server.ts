import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { Scheme } from '../../shared/http/forwarded.ts';
import { internalError } from './answering/internal-error.ts';
import { type ResponderParts, responder } from './answering/respond.ts';
import { SharedTurns } from './bytes/shared-turns.ts';
import { ClientErrors } from './connection/client-errors.ts';
import type { Drain } from './connection/drain.ts';
import type { Exchanges } from './connection/exchanges.ts';
import type { LargeWrites } from './connection/large-writes.ts';
import { PacedConnection } from './connection/paced-connection.ts';
import type { Turns } from './connection/turns.ts';
import { FastifySink, incomingOf, removeOwnHeaders } from './fastify-sink.ts';
import { textAnswer } from './site/answer.ts';
import type { LogClock } from './site/log-clock.ts';

/** How long a connection may wait for its next request. */
export const KEEP_ALIVE_MS = 65_000;
/** How long the head of a request may take, and its body, which the server ignores. */
export const HEAD_MS = 20_000;
const REQUEST_MS = 30_000;
/** `checkHead` checks the Host field. Node would send its refusal before the responses to earlier requests. */
const HTTP1 = { connectionsCheckingInterval: 5000, requireHostHeader: false };
/** How long a reader may accept no bytes of a response. */
const IDLE_MS = 60_000;

export interface ServerParts extends ResponderParts {
  readonly time: LogClock;
  readonly exchanges: Exchanges;
  readonly drain: Drain;
  readonly largeWrites: LargeWrites;
  /** All connections of the process share them. */
  readonly turns: Turns;
}

/**
 * The server for readers who use HTTP/1.1. It serves only what the active revisions hold. `scheme` is that of its
 * connections, whose TLS it does not see.
 */
export function buildServer(parts: ServerParts, scheme: Scheme): FastifyInstance {
  const clientErrors = new ClientErrors();
  const app: FastifyInstance = Fastify({
    ...options(parts.log),
    clientErrorHandler: clientErrors.refuse,
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: HEAD_MS, ...HTTP1 },
  });
  clientErrors.watch(app.server);
  PacedConnection.use(app.server, parts.turns);
  answerExpectations(app.server);
  return withRoutes(app, parts, scheme);
}

function options(log: Logger) {
  return {
    loggerInstance: log as FastifyBaseLogger,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: IDLE_MS,
    // The router only matches `/*`. The path is read once, from the raw target.
    routerOptions: {
      maxParamLength: 16 * 1024,
      onBadUrl: (_path: string, _request: unknown, response: unknown) => refuse(response),
    },
    exposeHeadRoutes: false,
  };
}

function withRoutes(app: FastifyInstance, parts: ServerParts, scheme: Scheme): FastifyInstance {
  const { time, exchanges, drain, largeWrites, log } = parts;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  // A stream that fails before its first byte.
  app.setErrorHandler((error, request, reply) => {
    removeOwnHeaders(reply);
    const { status, headers, body } = internalError(error, request.url, log);
    return reply.code(status).headers(headers).send(body.text);
  });
  const answer = responder(parts);
  const turns = new SharedTurns();
  const respond = async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('date', time.date());
    if (drain.isOn) reply.header('connection', 'close');
    await answer(incomingOf(request, reply, scheme, exchanges), new FastifySink(reply, largeWrites, turns));
    return reply;
  };
  app.route({ method: ['GET', 'HEAD', 'OPTIONS'], url: '/*', handler: respond });
  // Requests that match no route, such as `OPTIONS *` or those with another method, pass the same checks.
  app.setNotFoundHandler(respond);
  return app;
}

/**
 * The server reads no request bodies. A client that expects `100-continue` before it sends a body gets the final
 * response instead (RFC 9110, 10.1.1). So does a client with another expectation. Node's own response would bypass the
 * connection's bookkeeping.
 */
function answerExpectations(server: NodeJS.EventEmitter): void {
  for (const event of ['checkContinue', 'checkExpectation'])
    server.on(event, (request, response) => server.emit('request', request, response));
}

function refuse(response: unknown): void {
  const raw = response as import('node:http').ServerResponse;
  const { status, headers, body } = textAnswer(400, 'Malformed path\n');
  raw.writeHead(status, headers).end(body.text);
}
