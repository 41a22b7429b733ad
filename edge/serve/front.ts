import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { CIPHERS } from '../../shared/tls/ciphers.ts';
import type { ObjectUse } from '../disk-budget/object-use.ts';
import { responder } from './answering/respond.ts';
import type { Arrivals } from './connection/arrivals.ts';
import { SECURE_WEIGHT } from './connection/connections.ts';
import { closing, Listeners, listening } from './connection/listeners.ts';
import { SecureSources } from './connection/secure-sources.ts';
import { takeListeners } from './connection/take-listeners.ts';
import { FastLane } from './fast-lane/fast-lane.ts';
import { HotAnswers } from './fast-lane/hot-answers.ts';
import { http1Bytes } from './fast-lane/http1-bytes.ts';
import { Http2Lane } from './http2/http2-lane.ts';
import { preparedFrames } from './http2/prepared-frames.ts';
import { buildServer, HEAD_MS, KEEP_ALIVE_MS, type ServerParts } from './server.ts';
import { Handshakes } from './tls/handshakes.ts';
import { hostsCovered } from './tls/misdirected.ts';
import type { Tls } from './tls/tls.ts';

/**
 * The first one that a client offers is used. They are chosen in a callback, because Node copies a list for each
 * connection.
 */
const PROTOCOLS = ['h2', 'http/1.1'] as const;

/** The servers that listen on one port for readers: the fast lane, and the full server behind it. */
export interface Front {
  listen(host: string): Promise<void>;
  /** Drops the prepared responses, because they may be out of date. */
  forgetAnswers(): void;
  /** Records which objects prepared responses have sent since the last call. */
  noteUse(use: ObjectUse): void;
  /** After this call, the next request on an open connection closes the connection. */
  refuse(): void;
  /** Resolves when all requests that had begun have been answered and all connections are closed. */
  drain(): Promise<void>;
}

export interface FrontParts extends ServerParts {
  readonly arrivals: Arrivals;
}

export async function httpFront(parts: FrontParts, port: number): Promise<Front> {
  const app = buildServer(parts, 'http');
  await app.ready();
  const { server } = app;
  const answers = new HotAnswers({
    tls: parts.tls,
    wireOf: (prepared) => http1Bytes(prepared, KEEP_ALIVE_MS),
  });
  const lane = new FastLane({
    ...parts,
    answers,
    scheme: 'http',
    keepAliveMs: KEEP_ALIVE_MS,
    isMisdirected: () => false,
    handOver: (socket) => void server.emit('connection', socket),
  });
  const readers = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    parts.arrivals.take(socket, 1, () => {
      lane.take(socket);
    });
  });
  const listeners = new Listeners(readers, { allowHalfOpen: true });
  return {
    async listen(host) {
      await listeningPrivately(server);
      await listeners.listen(host, port);
    },
    forgetAnswers: () => answers.forgetAll(),
    noteUse: (use) => answers.noteUse(use),
    refuse: () => void server.prependListener('request', breakOff),
    async drain() {
      const closed = [listeners.close(), closing(server)];
      parts.arrivals.closeWaiting();
      lane.closeConnections();
      server.closeIdleConnections();
      await Promise.all(closed);
    },
  };
}

/** The same over TLS. A client that offers HTTP/2 gets it, and all others get HTTP/1.1. */
export async function httpsFront(parts: FrontParts, tls: Tls): Promise<Front> {
  const app = buildServer(parts, 'https');
  await app.ready();
  const { server } = app;
  const isMisdirected = hostsCovered(tls);
  const http1Answers = new HotAnswers({
    tls: undefined,
    wireOf: (prepared) => http1Bytes(prepared, KEEP_ALIVE_MS),
  });
  const http1 = new FastLane({
    ...parts,
    answers: http1Answers,
    scheme: 'https',
    keepAliveMs: KEEP_ALIVE_MS,
    isMisdirected,
    handOver: (socket) => void server.emit('connection', socket),
  });
  const http2Answers = new HotAnswers({ tls: undefined, wireOf: preparedFrames });
  const http2 = new Http2Lane({
    ...parts,
    isMisdirected,
    answers: http2Answers,
    respond: responder(parts),
    keepAliveMs: KEEP_ALIVE_MS,
  });
  http2.watch();
  let isRefusing = false;
  const sources = new SecureSources();
  const readers = createTlsServer(
    {
      ...CIPHERS,
      cert: tls.fallback?.pem,
      key: tls.fallback?.key,
      ticketKeys: tls.ticketKeys,
      // No timer: `Handshakes` ends those that take too long. 0 would stand for Node's default.
      handshakeTimeout: -1,
      noDelay: true,
      ALPNCallback: ({ protocols }) => PROTOCOLS.find((name) => protocols.includes(name)),
      SNICallback: (name, done) => done(null, tls.contextFor(name)),
    },
    (socket: TLSSocket) => {
      // This reads the address, which Node remembers from then on, even after the connection has closed.
      handshakes.ended(socket);
      if (isRefusing) return void socket.destroy();
      sources.give(socket);
      if (socket.alpnProtocol === 'h2') http2.take(socket);
      else http1.take(socket);
    },
  );
  const listeners = new Listeners(readers, { allowHalfOpen: false });
  const handshakes = new Handshakes(takeListeners(readers, 'connection'), {
    waitMs: HEAD_MS,
    now: () => performance.now(),
  });
  handshakes.watch();
  readers.on('connection', (socket: Socket) =>
    parts.arrivals.take(socket, SECURE_WEIGHT, () => {
      sources.remember(socket);
      handshakes.take(socket);
    }),
  );
  tls.onChange(() => {
    const { fallback } = tls;
    if (fallback !== undefined)
      readers.setSecureContext({ ...CIPHERS, cert: fallback.pem, key: fallback.key });
  });
  return {
    async listen(host) {
      await listeningPrivately(server);
      await listeners.listen(host, tls.port);
    },
    forgetAnswers() {
      http1Answers.forgetAll();
      http2Answers.forgetAll();
    },
    noteUse(use) {
      http1Answers.noteUse(use);
      http2Answers.noteUse(use);
    },
    refuse() {
      isRefusing = true;
      server.prependListener('request', breakOff);
      http2.destroyConnections();
    },
    async drain() {
      const closed = [listeners.close(), closing(server)];
      parts.arrivals.closeWaiting();
      handshakes.closeWaiting();
      http1.closeConnections();
      http2.closeConnections();
      server.closeIdleConnections();
      await Promise.all(closed);
    },
  };
}

function breakOff({ socket }: { readonly socket: Pick<Socket, 'destroy'> }): void {
  socket.destroy();
}

/** Node enforces the timeouts of a server only if it listens. This name is one that no reader can reach. */
function listeningPrivately(server: Server): Promise<void> {
  return listening(server, { path: `\0skerry-${process.pid}-${randomUUID()}` });
}
