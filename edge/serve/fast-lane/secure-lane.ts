import { maxHeaderSize } from 'node:http';
import {
  constants,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { clientOf } from '../../../shared/http/client-address.ts';
import type { Exchanges } from '../connection/exchanges.ts';
import { PacedConnection } from '../connection/paced-connection.ts';
import type { SessionBytes } from '../connection/session-bytes.ts';
import { takenBytes } from '../connection/taken-bytes.ts';
import { isMisdirected } from '../tls/misdirected.ts';
import type { Tls } from '../tls/tls.ts';
import { FastLane, type FastLaneParts } from './fast-lane.ts';
import { exchangeOf } from './logged-exchange.ts';
import { plainStream } from './recognise.ts';

export interface SecureLaneParts extends Omit<FastLaneParts, 'handOver' | 'isMisdirected'> {
  readonly sessionBytes: Pick<SessionBytes, 'requested'>;
}

/**
 * Puts the fast lane in front of a server with TLS, for HTTP/1.1 connections and HTTP/2 streams. The server must have
 * its own listeners by then.
 */
export function secureLane(
  server: Http2SecureServer,
  tls: Tls,
  { sessionBytes, ...others }: SecureLaneParts,
): FastLane {
  const parts = { ...others, isMisdirected: misdirection(tls) };
  const connectFully = takeFrom(server, 'secureConnection');
  const answerFully = takeFrom(server, 'stream');
  const handOver = (socket: Socket) => connectFully(pacedOf(socket, server));
  const lane = new FastLane({ ...parts, handOver });
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') connectFully(socket);
    else lane.take(socket);
  });
  server.on(
    'stream',
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: readonly string[]) => {
      if (stream.session !== undefined) sessionBytes.requested(stream.session);
      if (!isBegun(stream, parts.exchanges)) return;
      if (isTooLong(raw)) stream.respond({ ':status': 431 }, { endStream: true });
      else if (!answerPlain(stream, headers, parts)) answerFully(stream, headers, flags, raw);
    },
  );
  return lane;
}

/** Judges the decoded head: one byte on the wire can stand for a field of kilobytes. */
function isTooLong(raw: readonly string[]): boolean {
  let bytes = 0;
  for (const text of raw) bytes += text.length;
  return bytes > maxHeaderSize;
}

function pacedOf(socket: Socket, server: Http2SecureServer): PacedConnection {
  const paced = new PacedConnection(socket);
  paced.server = server;
  return paced;
}

/** Returns false for one stream too many. It is refused, and its client may try again later or elsewhere. */
function isBegun(stream: ServerHttp2Stream, exchanges: Exchanges): boolean {
  const { session } = stream;
  if (session === undefined) return false;
  const exchange = exchanges.beginStream(stream, {
    client: clientOf(session.socket.remoteAddress),
    connection: session,
    isSecure: true,
    sharesConnection: true,
    takenBytes: () => (session.destroyed ? undefined : takenBytes(session.socket)),
    end: () => stream.close(constants.NGHTTP2_CANCEL),
  });
  // The stream fails when its reader leaves, so there is nowhere to report the error.
  stream.on('error', () => {});
  if (exchange === undefined) stream.close(constants.NGHTTP2_REFUSED_STREAM);
  else stream.once('close', exchange.close);
  return exchange !== undefined;
}

/** Returns false when the full server must answer. */
function answerPlain(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  parts: Omit<FastLaneParts, 'handOver'>,
): boolean {
  const { views, answers, counters, time, limits, accessLog, scheme, isMisdirected } = parts;
  const sites = views.current();
  const get = plainStream(headers);
  const { session } = stream;
  if (sites instanceof Promise || get === undefined || session === undefined) return false;
  if (isMisdirected(session, session.socket, get.fields.host)) return false;
  const now = time.now();
  const answer = answers.find(get, sites, Math.floor(now / 1000));
  if (answer === undefined) return false;
  const client = session.socket.remoteAddress;
  if (limits.hasRate && !limits.allows(client, performance.now())) return false;
  answer.used(now);
  const { status, headers: fields, body } = answer.prepared;
  counters.count(answer.site, status, body.length, 0);
  accessLog?.write(exchangeOf(get, answer, scheme, '2.0', client));
  try {
    stream.respond({ ':status': status, date: time.date(), ...fields });
    stream.end(body);
  } catch {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
  return true;
}

/** Remembers the last host of each connection, and checks the certificates again only when the host differs. */
function misdirection(tls: Tls): FastLaneParts['isMisdirected'] {
  const last = new WeakMap<object, string>();
  return (connection, socket, host) => {
    if (last.get(connection) === host) return false;
    if (isMisdirected(tls, socket, host)) return true;
    last.set(connection, host);
    return false;
  };
}

/** Removes the listeners of an event, and returns a function that calls them. */
function takeFrom(server: Http2SecureServer, event: string): (...args: unknown[]) => void {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  return (...args) => {
    for (const listener of listeners) listener.apply(server, args);
  };
}
