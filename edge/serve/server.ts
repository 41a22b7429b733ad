import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import type { Scheme } from '../../shared/http/forwarded.ts';
import { readerOf } from '../../shared/http/source.ts';
import { withoutTokens } from '../../shared/site/signed-url.ts';
import { ClientErrors } from './connection/client-errors.ts';
import { PacedConnection } from './connection/paced-connection.ts';
import type { AccessLog } from './metering/access-log.ts';
import { type ResponderParts, responder } from './respond.ts';
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
  readonly log: Logger;
  readonly accessLog: AccessLog | undefined;
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
  const { counters, accessLog, log } = parts;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler((error, request, reply) => {
    // The headers of the content do not apply to the error response.
    for (const name of Object.keys(reply.getHeaders())) if (name !== 'date') reply.removeHeader(name);
    log.error({ err: error, url: withoutTokens(request.url) }, 'a request failed');
    return reply.code(500).type(TEXT).send('Internal error\n');
  });
  app.decorateRequest('served');
  app.decorateRequest('client', '');
  app.decorateRequest('scheme', scheme);
  app.addHook('onRequest', (request, _reply, done) => {
    const reader = readerOf(request.raw.socket, request.headers);
    request.client = reader.address;
    request.scheme = reader.scheme ?? scheme;
    done();
  });
  app.addHook('onResponse', async (request, reply) => {
    const { served } = request;
    const bytes = sentBytes(reply);
    const seconds = reply.elapsedTime / 1000;
    if (served?.site !== undefined) counters.count(served.site, reply.statusCode, bytes, seconds);
    accessLog?.write({
      time: Date.now(),
      site: served?.site,
      client: request.client,
      scheme: request.scheme,
      version: request.raw.httpVersion,
      method: request.method,
      host: served?.host,
      target: request.raw.url ?? '',
      status: reply.statusCode,
      bytes,
      seconds,
      referer: request.headers.referer,
      agent: request.headers['user-agent'],
      cache: reply.getHeader('cache-status') as string | undefined,
    });
  });
  const respond = responder(parts, scheme);
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

function sentBytes(reply: FastifyReply): number {
  return reply.request.method === 'HEAD' ? 0 : Number(reply.getHeader('content-length') ?? 0);
}

function refuse(response: unknown): void {
  const raw = response as import('node:http').ServerResponse;
  raw.writeHead(400, { 'content-type': TEXT }).end('Malformed path\n');
}
