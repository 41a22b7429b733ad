import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyRequest, type FastifyServerOptions } from 'fastify';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../clock.ts';
import { SkerryError } from '../errors.ts';
import { type JsonBounds, parseJson } from '../json/bounded-json.ts';
import type { ServerCertificates } from '../tls/server-certificates.ts';
import { answerErrors, errorAnswers, notFound, refusedUrl } from './answer-errors.ts';
import { boundedBody, promptly, steadily } from './body-pace.ts';
import { ClientConnections } from './client-connections.ts';
import { asProblem, type ErrorForm } from './error-form.ts';
import { readerBehind } from './forwarded.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Cidr } from './ip-address.ts';
import { closeLingering } from './lingering-close.ts';
import { onceClosed, untilClosed } from './once-closed.ts';
import { compileWhenAsked } from './route-compilers.ts';
import type { HttpServer } from './server.ts';
import { peerOf } from './source.ts';
import { tlsServer } from './tls-server.ts';
import { TrustedProxies } from './trusted-proxies.ts';

/** The largest body of a route that sets no limit of its own. This is enough for a few fields. */
const BODY_BYTES = 16 * 1024;
/** Larger bodies are uploads, which are processed as they arrive. */
const HELD_BYTES = 2 * 1024 * 1024;
const BODY_JSON: JsonBounds = { length: HELD_BYTES, depth: 16, values: 10_000, token: HELD_BYTES };

/** The maximum bytes of bodies that are held at a time: some dozens of the largest, or thousands of the usual size. */
const HELD = { perClient: 48 * 1024 * 1024, all: 96 * 1024 * 1024 };

const HEAD_MS = 15_000;
const HEAD_CHECK_MS = 3000;
const IDLE_MS = 72_000;
const HEAD_BYTES = 16 * 1024;
/** The longest parameter in a URL, such as the path of a file. */
const MAX_URL_PART = 8 * 1024;
/** Up to 200 edges may share one address, each with a dozen connections. No single address can take all connections. */
const CONNECTIONS = { perClient: 6000, all: 12_000 };
/** No known client sends a request before the previous one is answered. */
const UNANSWERED_PER_CONNECTION = 8;

export type HttpServerOptions = Pick<FastifyServerOptions, 'forceCloseConnections'> & {
  readonly clock?: Clock;
  readonly errorForm?: ErrorForm;
  /** The proxies that are trusted to name their clients, in `Forwarded` or `X-Forwarded-For`. */
  readonly trustedProxies?: readonly Cidr[];
  /** The server speaks TLS with these certificates. Without them, it speaks plain HTTP. */
  readonly certificates?: ServerCertificates | undefined;
};

/**
 * A server of the origin or of an edge, for all clients except readers. For all of its routes, it limits the memory
 * that a caller can make it use, both before and after the caller is known. A route sets the size of its largest body
 * (`bodyLimit`), and checks in an `onRequest` hook who may send one.
 */
export function httpServer(
  log: Logger,
  {
    clock = systemClock,
    errorForm = asProblem,
    trustedProxies = [],
    certificates,
    ...options
  }: HttpServerOptions = {},
): HttpServer {
  const answer = errorAnswers(errorForm, log);
  const app: HttpServer = Fastify({
    ...options,
    routerOptions: { maxParamLength: MAX_URL_PART },
    loggerInstance: log as FastifyBaseLogger,
    bodyLimit: BODY_BYTES,
    serverFactory: (handler) => boundedServer(handler, certificates),
    frameworkErrors: (error, request, reply) => answer(refusedUrl(error, request.url), request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  compileWhenAsked(app);
  const held = new HeldBytes(HELD);
  const proxies = new TrustedProxies(trustedProxies);
  answerErrors(app, answer);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, text: string) => parseJson(text, 'bad-request', BODY_JSON),
  );
  app.decorateRequest('client', '');
  app.addHook('onRequest', async (request) => {
    request.client = clientBehind(proxies, request.raw);
    // Without this, Fastify would read the body first.
    if (request.is404) throw notFound(request);
  });
  app.addHook('preParsing', async (request, reply, body) => {
    if (!hasBody(request.raw)) return body;
    const { bodyLimit: bytes } = request.routeOptions;
    if (Number(request.headers['content-length'] ?? 0) > bytes)
      throw new SkerryError('too-large', `the body is larger than ${bytes} bytes`);
    if (/^100-continue$/i.test(request.headers.expect ?? '')) reply.raw.writeContinue();
    const answered = untilClosed(reply.raw);
    if (bytes > HELD_BYTES) return boundedBody(body, { bytes, pace: steadily, answered }, clock);
    const { take, release } = held.from(request.client);
    onceClosed(reply.raw, release);
    return boundedBody(body, { bytes, pace: promptly, hold: take, answered }, clock);
  });
  app.addHook('onSend', async (request, reply) => {
    // The response does not wait for the rest of a body that no route has read.
    if (!isCutShort(request)) return;
    reply.header('connection', 'close');
    closeLingering(request.raw);
  });
  return app;
}

/** A connection from a proxy may carry requests of many clients, so this is called for each request. */
function clientBehind(proxies: TrustedProxies, { socket, headers }: IncomingMessage): string {
  const peer = peerOf(socket);
  return proxies.has(peer) ? readerBehind(peer, headers, proxies.has).address : peer;
}

function isCutShort({ raw }: FastifyRequest): boolean {
  return hasBody(raw) && !raw.complete;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function boundedServer(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  certificates: ServerCertificates | undefined,
): Server {
  const unanswered = new WeakMap<Socket, number>();
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // The request came over a connection that was ended because of an earlier request.
    if (socket.destroyed) return;
    const waiting = unanswered.get(socket) ?? 0;
    if (waiting >= UNANSWERED_PER_CONNECTION) return void socket.destroy();
    unanswered.set(socket, waiting + 1);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    handler(request, response);
  };
  const limits = {
    headersTimeout: HEAD_MS,
    // Bodies have their own time limits, because an upload may take hours.
    requestTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: HEAD_CHECK_MS,
    maxHeaderSize: HEAD_BYTES,
  };
  const server = certificates === undefined ? createServer(limits) : tlsServer(limits, certificates);
  server.on('request', handle);
  // A client that sends `Expect: 100-continue` is told to continue only after the head of its request was accepted.
  server.on('checkContinue', handle);
  const connections = new ClientConnections(CONNECTIONS);
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (!connections.admit(remoteAddress)) return void socket.destroy();
    socket.once('close', () => connections.release(remoteAddress));
  });
  return server;
}
