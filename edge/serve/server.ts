import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
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
import { ClientErrors } from './connection/client-errors.ts';
import type { Drain } from './connection/drain.ts';
import type { Exchanges } from './connection/exchanges.ts';
import { PacedConnection } from './connection/paced-connection.ts';
import { FastifySink, incomingOf, removeOwnHeaders } from './fastify-sink.ts';
import type { LogClock } from './site/log-clock.ts';
import type { Tls } from './tls/tls.ts';

/** How long a connection may wait for its next request. */
export const KEEP_ALIVE_MS = 65_000;
/** How long the head of a request may take, and its body, which the server ignores. */
const HEAD_MS = 20_000;
const REQUEST_MS = 30_000;
/** `checkHead` checks the Host field. Node would send its refusal before the responses to earlier requests. */
const HTTP1 = { connectionsCheckingInterval: 5000, requireHostHeader: false };
/** How long a reader may accept no bytes of a response. */
const IDLE_MS = 60_000;
const MOST_STREAMS = 128;
/** A session ends if its reader cancels more streams than this, because each cancelled stream has already cost work. */
const RESETS = { streamResetBurst: 2 * MOST_STREAMS, streamResetRate: 32 };
/**
 * More memory than the bodies of one session can take: 32 of up to 1 MiB, and small ones. With less, Node would refuse
 * streams.
 */
const SESSION_MB = 64;
const TEXT = 'text/plain; charset=utf-8';

export interface ServerParts extends ResponderParts {
  readonly time: LogClock;
  readonly exchanges: Exchanges;
  readonly drain: Drain;
}

/** The server for readers. It serves only what the active revisions hold. */
export function buildServer(parts: ServerParts): FastifyInstance {
  const clientErrors = new ClientErrors();
  const app: FastifyInstance = Fastify({
    ...options(parts.log),
    clientErrorHandler: clientErrors.refuse,
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: HEAD_MS, ...HTTP1 },
  });
  clientErrors.watch(app.server);
  PacedConnection.use(app.server);
  answerExpectations(app.server);
  return withRoutes(app, parts, 'http');
}

/** The same server over TLS, with HTTP/2 or HTTP/1.1 as the client prefers. */
export function buildSecureServer(parts: ServerParts, tls: Tls): SecureServer {
  const clientErrors = new ClientErrors();
  const app = Fastify({
    ...options(parts.log),
    clientErrorHandler: clientErrors.refuse,
    http2: true,
    http2SessionTimeout: KEEP_ALIVE_MS,
    https: {
      allowHTTP1: true,
      ...HTTP1,
      cert: tls.fallback?.pem,
      key: tls.fallback?.key,
      ticketKeys: tls.ticketKeys,
      handshakeTimeout: HEAD_MS,
      noDelay: true,
      SNICallback: (name, done) => done(null, tls.contextFor(name)),
      settings: { maxConcurrentStreams: MOST_STREAMS },
      maxSessionMemory: SESSION_MB,
      ...RESETS,
    },
  });
  const times = { headersTimeout: HEAD_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS };
  Object.assign(app.server, times);
  clientErrors.watch(app.server);
  PacedConnection.watch(app.server);
  answerExpectations(app.server);
  withRoutes(app as unknown as FastifyInstance, parts, 'https');
  return app;
}

export type SecureServer = FastifyInstance<Http2SecureServer, Http2ServerRequest, Http2ServerResponse>;

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
  const { time, exchanges, drain, log } = parts;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  // A stream that fails before its first byte.
  app.setErrorHandler((error, request, reply) => {
    removeOwnHeaders(reply);
    const { status, headers, body } = internalError(error, request.url, log);
    return reply.code(status).headers(headers).send(body.text);
  });
  const answer = responder(parts);
  const respond = async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('date', time.date());
    if (drain.isOn && request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
    await answer(incomingOf(request, reply, scheme, exchanges), new FastifySink(reply));
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
  raw.writeHead(400, { 'content-type': TEXT }).end('Malformed path\n');
}
