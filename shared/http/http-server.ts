import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyRequest, type FastifyServerOptions } from 'fastify';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../clock.ts';
import { SkerryError } from '../errors.ts';
import { type JsonBounds, parseJson } from '../json/bounded-json.ts';
import { answerWithProblems, notFound } from './answer-problems.ts';
import { boundedBody, promptly, steadily } from './body-pace.ts';
import { ClientConnections } from './client-connections.ts';
import { HeldBytes } from './held-bytes.ts';
import { closeLingering } from './lingering-close.ts';
import { onceClosed } from './once-closed.ts';
import { compileWhenAsked } from './route-compilers.ts';
import type { FeedServer } from './server.ts';

/** Of a route that does not name its own: a few fields. */
const BODY_BYTES = 16 * 1024;
/** Bodies of routes that take more are uploads, which are read as they come. */
const HELD_BYTES = 2 * 1024 * 1024;
const BODY_JSON: JsonBounds = { length: HELD_BYTES, depth: 16, values: 10_000, token: HELD_BYTES };

/** Of all bodies that are being held: some dozens of the largest, thousands of the usual ones. */
const HELD = { perClient: 48 * 1024 * 1024, all: 96 * 1024 * 1024 };

const HEAD_MS = 15_000;
const HEAD_CHECK_MS = 3000;
const IDLE_MS = 72_000;
const HEAD_BYTES = 16 * 1024;
/** 200 edges behind one address have a dozen each; one address alone does not take them all. */
const CONNECTIONS = { perClient: 6000, all: 12_000 };
/** Nobody whom we know of sends a request before the one before it is answered. */
const UNANSWERED_PER_CONNECTION = 8;

export type HttpServerOptions = Pick<
  FastifyServerOptions,
  'forceCloseConnections' | 'frameworkErrors' | 'routerOptions'
> & { readonly clock?: Clock };

/**
 * A server of the origin or of an edge that is no reader's: what a caller can make it hold, before it is known and
 * afterwards, is bounded here for all of its routes. A route says how large its largest body is (`bodyLimit`), and who
 * may send one in an `onRequest` hook.
 */
export function httpServer(
  log: Logger,
  { clock = systemClock, ...options }: HttpServerOptions = {},
): FeedServer {
  const app: FeedServer = Fastify({
    ...options,
    loggerInstance: log as FastifyBaseLogger,
    bodyLimit: BODY_BYTES,
    serverFactory: boundedServer,
  }).withTypeProvider<TypeBoxTypeProvider>();
  compileWhenAsked(app);
  const held = new HeldBytes(HELD);
  answerWithProblems(app, log);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, text: string) => parseJson(text, 'bad-request', BODY_JSON),
  );
  app.addHook('onRequest', async (request) => {
    // Otherwise the body is read first.
    if (request.is404) throw notFound(request);
  });
  app.addHook('preParsing', async (request, reply, body) => {
    if (!hasBody(request.raw)) return body;
    const { bodyLimit: bytes } = request.routeOptions;
    if (Number(request.headers['content-length'] ?? 0) > bytes)
      throw new SkerryError('too-large', `the body is larger than ${bytes} bytes`);
    if (request.headers.expect !== undefined) reply.raw.writeContinue();
    if (bytes > HELD_BYTES) return boundedBody(body, { bytes, pace: steadily }, clock);
    const { take, release } = held.from(request.raw.socket.remoteAddress);
    onceClosed(reply.raw, release);
    return boundedBody(body, { bytes, pace: promptly, hold: take }, clock);
  });
  app.addHook('onSend', async (request, reply) => {
    // What is left of a body that nobody wants is not waited for.
    if (!isCutShort(request)) return;
    reply.header('connection', 'close');
    closeLingering(request.raw);
  });
  return app;
}

function isCutShort({ raw }: FastifyRequest): boolean {
  return hasBody(raw) && !raw.complete;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function boundedServer(handler: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const unanswered = new WeakMap<Socket, number>();
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // Of one that was ended for what came before it.
    if (socket.destroyed) return;
    const waiting = unanswered.get(socket) ?? 0;
    if (waiting >= UNANSWERED_PER_CONNECTION) return void socket.destroy();
    unanswered.set(socket, waiting + 1);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    handler(request, response);
  };
  const server = createServer({
    headersTimeout: HEAD_MS,
    // Bodies have a pace of their own: an upload may take hours.
    requestTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: HEAD_CHECK_MS,
    maxHeaderSize: HEAD_BYTES,
  });
  server.on('request', handle);
  // Whoever asks before it sends is told to when it is known.
  server.on('checkContinue', handle);
  const connections = new ClientConnections(CONNECTIONS);
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (!connections.admit(remoteAddress)) return void socket.destroy();
    socket.once('close', () => connections.release(remoteAddress));
  });
  return server;
}
