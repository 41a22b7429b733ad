import type {
  Http2SecureServer,
  Http2ServerRequest,
  Http2ServerResponse,
  ServerHttp2Stream,
} from 'node:http2';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import { hasCode } from '../../shared/errors.ts';
import { clientOf } from '../../shared/http/client-address.ts';
import { withoutTokens } from '../../shared/site/signed-url.ts';
import type { SiteView } from '../messages/views.ts';
import type { Bodies, Content } from './bytes/content.ts';
import { ClientErrors } from './connection/client-errors.ts';
import type { ClientLimits } from './connection/client-limits.ts';
import type { Exchange, Exchanges } from './connection/exchanges.ts';
import { PacedConnection } from './connection/paced-connection.ts';
import { checkHead } from './connection/request-head.ts';
import type { AccessLog } from './metering/access-log.ts';
import type { Counters } from './metering/counters.ts';
import { type SentExchange, send } from './send.ts';
import { type Answer, NO_BODY, textAnswer, withoutBody } from './site/answer.ts';
import { decide, type ReaderHeaders, type ReaderRequest } from './site/decide.ts';
import type { LogClock } from './site/log-clock.ts';
import type { RulesInForce } from './site/rules-in-force.ts';
import { servedSite } from './site/served-site.ts';
import type { Views } from './site/views.ts';
import { isMisdirected } from './tls/misdirected.ts';
import type { Tls } from './tls/tls.ts';

/** How long a connection may wait for its next request. */
export const KEEP_ALIVE_MS = 65_000;
/** How long a head may take, and a request with its body, which nobody reads. */
const HEAD_MS = 20_000;
const REQUEST_MS = 30_000;
/** Which Host there has to be is for `checkHead`; Node's own refusal would overtake the answers before it. */
const HTTP1 = { connectionsCheckingInterval: 5000, requireHostHeader: false };
/** How long a reader may take nothing of an answer. */
const IDLE_MS = 60_000;
const MOST_STREAMS = 128;
/** A session whose reader cancels more than these is ended: each cancelled stream has cost its work. */
const RESETS = { streamResetBurst: 2 * MOST_STREAMS, streamResetRate: 32 };
/** More than the bodies of one session hold at most, 32 of up to 1 MiB and small ones: with less Node refuses streams. */
const SESSION_MB = 64;
const TEXT = 'text/plain; charset=utf-8';
/** For answers that are made here, which are short. */
const SMALL_ALONE: SentExchange = { client: '', beginBody: () => false, progressed: () => {} };

export interface ServerParts {
  readonly views: Views;
  readonly content: Content;
  /** Where answers get their bytes from. */
  readonly bodies: Bodies;
  readonly rules: RulesInForce;
  readonly time: LogClock;
  readonly counters: Counters;
  readonly log: Logger;
  readonly limits: ClientLimits;
  readonly exchanges: Exchanges;
  readonly accessLog: AccessLog | undefined;
  /** Where hosts that it has certificates for are sent to; undefined for an edge without TLS. */
  readonly tls: Tls | undefined;
}

/** The server that readers reach. It publishes nothing but what the active revisions hold. */
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

/** The same over TLS, in HTTP/2 or HTTP/1.1 as the client prefers. */
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
    // The router only matches `/*`; the path is read from the raw target, once.
    routerOptions: {
      maxParamLength: 16 * 1024,
      onBadUrl: (_path: string, _request: unknown, response: unknown) => refuse(response),
    },
    exposeHeadRoutes: false,
  };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Which site answered, under which host. */
    served?: { readonly site: string | undefined; readonly host: string | undefined };
    /** Its address when the request began: a stream of HTTP/2 that has ended knows none. */
    client: string;
  }
}

function withRoutes(
  app: FastifyInstance,
  { views, content, bodies, rules, time, counters, limits, exchanges, accessLog, log, tls }: ServerParts,
  scheme: 'http' | 'https',
): FastifyInstance {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler((error, request, reply) => {
    // Nothing that was meant for the content is said of the error.
    for (const name of Object.keys(reply.getHeaders())) if (name !== 'date') reply.removeHeader(name);
    if (hasCode(error, 'no-such-object')) {
      log.error({ err: error, url: withoutTokens(request.url) }, 'an object is missing');
      return reply.code(503).header('retry-after', '5').type(TEXT).send('Being repaired\n');
    }
    if (hasCode(error, 'too-many-misses')) {
      reply.code(429).header('retry-after', '5').header('cache-status', 'Skerry; fwd=miss');
      return reply.type(TEXT).send('Too many requests of yours wait for what this edge does not hold\n');
    }
    if (hasCode(error, 'unavailable')) {
      log.debug({ err: error, url: withoutTokens(request.url) }, 'an object did not come');
      reply.code(503).header('retry-after', '5').header('cache-status', 'Skerry; fwd=miss');
      return reply.type(TEXT).send('This edge cannot fetch it now\n');
    }
    log.error({ err: error, url: withoutTokens(request.url) }, 'a request failed');
    return reply.code(500).type(TEXT).send('Internal error\n');
  });
  app.decorateRequest('served');
  app.decorateRequest('client', '');
  app.addHook('onRequest', (request, _reply, done) => {
    request.client = request.ip;
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
      scheme,
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
  app.route({ method: ['GET', 'HEAD', 'OPTIONS'], url: '/*', handler: answer });
  // What is no path of a route, `OPTIONS *` and the methods that are refused, is judged like all else.
  app.setNotFoundHandler(answer);
  return app;

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    reply.header('date', time.date());
    const exchange = begun(request, reply);
    if (exchange === undefined)
      return sent(
        textAnswer(503, 'Too many requests wait for their answers\n', { 'retry-after': '1' }),
        reply,
      );
    const head = checkHead({
      target: request.raw.url ?? '',
      httpVersion: request.raw.httpVersion,
      rawHeaders: request.raw.rawHeaders,
    });
    if (head.kind === 'refused') {
      if (request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
      return sent(textAnswer(400, `${head.reason}\n`), reply);
    }
    const isSecure = tls !== undefined && scheme === 'https';
    if (isSecure && head.host !== undefined && isMisdirected(tls, request.raw.socket, head.host))
      return sent(textAnswer(421, 'This connection is for another host\n'), reply);
    if (!limits.allows(request.client, performance.now()))
      return sent(textAnswer(429, 'Too many requests\n', { 'retry-after': '1' }), reply);
    let sites = views.current();
    while (sites instanceof Promise) {
      await sites;
      sites = views.current();
    }
    const asked: ReaderRequest = {
      method: request.method,
      target: head.target,
      headers: request.headers as ReaderHeaders,
      client: request.client,
    };
    const view = sites.find(head.host);
    request.served = { site: view?.name, host: head.host };
    if (view === undefined)
      return sent(forMethod(asked, textAnswer(404, 'No site is served under this host\n')), reply);
    const secure = scheme === 'http' && head.host !== undefined ? tls?.addressOf(head.host) : undefined;
    if (secure !== undefined) return sent(redirectTo(`${secure}${head.target}`, asked), reply);
    await sendFrom(view, asked, exchange, reply);
    return reply;
  }

  /** A stream of HTTP/2 was begun before it came here. */
  function begun(request: FastifyRequest, reply: FastifyReply): Exchange | undefined {
    const { stream } = reply.raw as { readonly stream?: ServerHttp2Stream };
    const { socket } = request.raw;
    const exchange =
      stream === undefined
        ? exchanges.begin({
            client: clientOf(request.client),
            connection: socket,
            isSecure: scheme === 'https',
            takenBytes: () => (socket instanceof PacedConnection ? socket.takenBytes : undefined),
            end: () => socket.destroy(),
          })
        : exchanges.of(stream);
    if (exchange === undefined) return undefined;
    if (stream === undefined) reply.raw.once('close', exchange.close);
    return exchange;
  }

  async function sent(answer: Answer, reply: FastifyReply): Promise<FastifyReply> {
    await send(answer, bodies, SMALL_ALONE, reply);
    return reply;
  }

  /** A variant may just have made room for others: then the plain bytes are sent. */
  async function sendFrom(
    view: SiteView,
    asked: ReaderRequest,
    exchange: Exchange,
    reply: FastifyReply,
  ): Promise<void> {
    const answer = answerFrom(view, asked);
    if (answer.isExcess) counters.countExcess(view.name);
    try {
      await send(answer, bodies, exchange, reply);
    } catch (error) {
      // What is not there is not there, with or without its page.
      if (answer.status === 404 && (hasCode(error, 'unavailable') || hasCode(error, 'too-many-misses')))
        return send(forMethod(asked, textAnswer(404, 'Not found\n')), bodies, exchange, reply);
      if (asked.headers['accept-encoding'] === undefined || !hasCode(error, 'no-such-object')) throw error;
      await send(answerFrom(view, withoutCodings(asked)), bodies, exchange, reply);
    }
  }

  function answerFrom(view: SiteView, asked: ReaderRequest): Answer {
    const unready = whyUnready(view);
    if (unready !== undefined) return forMethod(asked, textAnswer(503, unready, { 'retry-after': '1' }));
    return decide(asked, servedSite(view, { content, rules, time }));
  }

  function whyUnready(view: SiteView): string | undefined {
    if (view.revision === 0) return 'Nothing has been published here yet\n';
    if (!views.mayServe(view)) return 'This edge has lost its origin and may be behind\n';
    return undefined;
  }
}

/**
 * No body is wanted: whoever asks before sending one gets the answer itself (RFC 9110, 10.1.1), and so does who
 * expects anything else, which Node would answer without telling the connection.
 */
function answerExpectations(server: NodeJS.EventEmitter): void {
  for (const event of ['checkContinue', 'checkExpectation'])
    server.on(event, (request, response) => server.emit('request', request, response));
}

function withoutCodings(asked: ReaderRequest): ReaderRequest {
  return { ...asked, headers: { ...asked.headers, 'accept-encoding': undefined } };
}

function redirectTo(location: string, { method }: ReaderRequest): Answer {
  return {
    // What is no GET must not become one (RFC 9110, 15.4.9).
    status: method === 'GET' || method === 'HEAD' ? 301 : 308,
    headers: { location, 'content-length': '0' },
    body: NO_BODY,
  };
}

function forMethod({ method }: ReaderRequest, answer: Answer): Answer {
  return method === 'HEAD' ? withoutBody(answer) : answer;
}

function sentBytes(reply: FastifyReply): number {
  return reply.request.method === 'HEAD' ? 0 : Number(reply.getHeader('content-length') ?? 0);
}

function refuse(response: unknown): void {
  const raw = response as import('node:http').ServerResponse;
  raw.writeHead(400, { 'content-type': TEXT }).end('Malformed path\n');
}
