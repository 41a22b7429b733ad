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
import { Lane, type LaneParts } from './lane.ts';
import { exchangeOf } from './logged-exchange.ts';
import { plainStream } from './recognise.ts';

export interface SecureLaneParts extends Omit<LaneParts, 'handOver' | 'isMisdirected'> {
  readonly sessionBytes: Pick<SessionBytes, 'requested'>;
}

/**
 * Connections in HTTP/1.1 and streams of HTTP/2 of a server with TLS come to the fast lane first. To be called when
 * the server has its own listeners.
 */
export function secureLane(
  server: Http2SecureServer,
  tls: Tls,
  { sessionBytes, ...others }: SecureLaneParts,
): Lane {
  const parts = { ...others, isMisdirected: misdirection(tls) };
  const connectFully = takeFrom(server, 'secureConnection');
  const answerFully = takeFrom(server, 'stream');
  const handOver = (socket: Socket) => connectFully(pacedOf(socket, server));
  const lane = new Lane({ ...parts, handOver });
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

/** The bytes on the wire tell nothing: one of them can stand for a field of kilobytes. */
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

/** False for a stream that is one too many, which is refused: its client may ask again elsewhere or later. */
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
  // A reader that goes away breaks its stream off: nobody is left to tell.
  stream.on('error', () => {});
  if (exchange === undefined) stream.close(constants.NGHTTP2_REFUSED_STREAM);
  else stream.once('close', exchange.close);
  return exchange !== undefined;
}

/** False when the full server has to answer. */
function answerPlain(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  parts: Omit<LaneParts, 'handOver'>,
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
  answer.usedAt = now;
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

/** Of a connection that hosts were asked for before, only another host is a question. */
function misdirection(tls: Tls): LaneParts['isMisdirected'] {
  const last = new WeakMap<object, string>();
  return (connection, socket, host) => {
    if (last.get(connection) === host) return false;
    if (isMisdirected(tls, socket, host)) return true;
    last.set(connection, host);
    return false;
  };
}

/** Takes the listeners of an event away; calling what is returned calls them. */
function takeFrom(server: Http2SecureServer, event: string): (...args: unknown[]) => void {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  return (...args) => {
    for (const listener of listeners) listener.apply(server, args);
  };
}
