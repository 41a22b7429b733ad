import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ObjectUse } from '../disk-budget/object-use.ts';
import type { Arrivals } from './connection/arrivals.ts';
import { SECURE_WEIGHT } from './connection/connections.ts';
import { endWithNextAnswer } from './connection/drain.ts';
import { SecureSources } from './connection/secure-sources.ts';
import { SessionBytes } from './connection/session-bytes.ts';
import { takeListeners } from './connection/take-listeners.ts';
import { FastLane } from './fast-lane/fast-lane.ts';
import { HotAnswers } from './fast-lane/hot-answers.ts';
import { secureLane } from './fast-lane/secure-lane.ts';
import { buildSecureServer, buildServer, KEEP_ALIVE_MS, type ServerParts } from './server.ts';
import type { Tls } from './tls/tls.ts';

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
  const app = buildServer(parts);
  await app.ready();
  const { server } = app;
  const answers = new HotAnswers({ tls: parts.tls, keepAliveMs: KEEP_ALIVE_MS });
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
      if (socket.isPaused()) socket.resume();
    });
  });
  return {
    async listen(host) {
      // Node enforces the timeouts of a server only if it listens. This one listens on a name that no reader can reach.
      await listening(server, { path: `\0skerry-${process.pid}-${randomUUID()}` });
      await listening(readers, { host, port, reusePort: true });
    },
    forgetAnswers: () => answers.forgetAll(),
    noteUse: (use) => answers.noteUse(use),
    refuse: () => void server.prependListener('request', breakOff),
    async drain() {
      const closed = [readers, server].map(closing);
      parts.arrivals.closeWaiting();
      lane.closeConnections();
      server.closeIdleConnections();
      await Promise.all(closed);
    },
  };
}

export async function httpsFront(parts: FrontParts, tls: Tls): Promise<Front> {
  const app = buildSecureServer(parts, tls);
  await app.ready();
  const { server } = app;
  const answers = new HotAnswers({ tls: undefined, keepAliveMs: KEEP_ALIVE_MS });
  const sessionBytes = new SessionBytes();
  sessionBytes.watch();
  const lane = secureLane(server, tls, {
    ...{ ...parts, answers, sessionBytes },
    ...{ scheme: 'https', keepAliveMs: KEEP_ALIVE_MS },
  });
  const sources = new SecureSources();
  const beginHandshake = takeListeners(server, 'connection');
  server.on('connection', (socket: Socket) =>
    parts.arrivals.take(socket, SECURE_WEIGHT, () => {
      sources.remember(socket);
      beginHandshake(socket);
    }),
  );
  const sessions = new Set<ServerHttp2Session>();
  let isRefusing = false;
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (isRefusing) return void socket.destroy();
    // Once the address has been read, Node remembers it even after the connection has closed.
    void socket.remoteAddress;
    sources.give(socket);
  });
  server.on('session', (session) => {
    sessions.add(session);
    if (parts.drain.isOn) endWithNextAnswer(session);
    sessionBytes.opened(session);
    session.once('close', () => sessions.delete(session));
  });
  parts.drain.onBegin(() => {
    for (const session of sessions) endWithNextAnswer(session);
  });
  tls.onChange(() => {
    const { fallback } = tls;
    if (fallback !== undefined) server.setSecureContext({ cert: fallback.pem, key: fallback.key });
  });
  return {
    listen: (host) => listening(server, { host, port: tls.port, reusePort: true }),
    forgetAnswers: () => answers.forgetAll(),
    noteUse: (use) => answers.noteUse(use),
    refuse() {
      isRefusing = true;
      server.prependListener('request', breakOff);
      for (const session of sessions) session.destroy();
    },
    async drain() {
      const closed = closing(server);
      parts.arrivals.closeWaiting();
      lane.closeConnections();
      for (const session of sessions) session.close();
      await closed;
    },
  };
}

function breakOff({ socket }: { readonly socket: Pick<Socket, 'destroy'> }): void {
  socket.destroy();
}

async function listening(server: Server, options: ListenOptions): Promise<void> {
  server.listen(options);
  await once(server, 'listening');
}

function closing(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}
