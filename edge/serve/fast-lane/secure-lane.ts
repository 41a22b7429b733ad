import { maxHeaderSize } from 'node:http';
import {
  constants,
  type Http2SecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { clientOf } from '../../../shared/http/client-address.ts';
import type { Reader } from '../../../shared/http/forwarded.ts';
import { readerOf, SOURCE } from '../../../shared/http/source.ts';
import type { Exchanges } from '../connection/exchanges.ts';
import { PacedConnection } from '../connection/paced-connection.ts';
import type { SessionBytes } from '../connection/session-bytes.ts';
import { takeListeners } from '../connection/take-listeners.ts';
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
 * Puts the fast lane in front of a server with TLS, for HTTP/1.1 connections and HTTP/2 streams. Node must already have
 * added the server's own listeners.
 */
export function secureLane(
  server: Http2SecureServer,
  tls: Tls,
  { sessionBytes, ...others }: SecureLaneParts,
): FastLane {
  const parts = { ...others, isMisdirected: misdirection(tls) };
  const connectFully = takeListeners(server, 'secureConnection');
  const answerFully = takeListeners(server, 'stream');
  const readerOfStream = sessionReaders();
  const handOver = (socket: Socket) => connectFully(pacedOf(socket, server));
  const lane = new FastLane({ ...parts, handOver });
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') connectFully(socket);
    else lane.take(socket);
  });
  server.on(
    'stream',
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: readonly string[]) => {
      const { session } = stream;
      if (session === undefined) return;
      sessionBytes.requested(session);
      const reader = readerOfStream(session, headers);
      if (!isBegun(stream, session, reader, parts.exchanges)) return;
      if (isTooLong(raw)) stream.respond({ ':status': 431 }, { endStream: true });
      else if (!answerPlain(stream, headers, reader, parts)) answerFully(stream, headers, flags, raw);
    },
  );
  return lane;
}

/** Checks the length of the decoded head, because one byte on the wire can stand for a field of several kilobytes. */
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

/**
 * Begins the exchange of a stream. If there are too many, refuses the stream and returns false. The client may try
 * again later or elsewhere.
 */
function isBegun(
  stream: ServerHttp2Stream,
  session: Http2Session,
  reader: Reader,
  exchanges: Exchanges,
): boolean {
  const exchange = exchanges.beginStream(stream, {
    client: clientOf(reader.address),
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
  { address, scheme: used }: Reader,
  parts: Omit<FastLaneParts, 'handOver'>,
): boolean {
  const { views, answers, counters, time, limits, accessLog, scheme, isMisdirected } = parts;
  const sites = views.current();
  const get = plainStream(headers);
  const { session } = stream;
  if (sites instanceof Promise || get === undefined || session === undefined) return false;
  if (used !== undefined && used !== scheme) return false;
  if (isMisdirected(session, session.socket, get.fields.host)) return false;
  const now = time.now();
  const answer = answers.find(get, sites, Math.floor(now / 1000));
  if (answer === undefined) return false;
  if (limits.hasRate && !limits.allows(address, performance.now())) return false;
  answer.used(now);
  const { status, headers: fields, body } = answer.prepared;
  counters.count(answer.site, status, body.length, 0);
  accessLog?.write(exchangeOf(get, answer, scheme, '2.0', address));
  try {
    stream.respond({ ':status': status, date: time.date(), ...fields });
    stream.end(body);
  } catch {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
  return true;
}

/** Remembers the reader of each session. Only in the session of a proxy does each stream have its own reader. */
function sessionReaders(): (session: Http2Session, headers: IncomingHttpHeaders) => Reader {
  const readers = new WeakMap<Http2Session, Reader>();
  return (session, headers) => {
    const known = readers.get(session);
    if (known !== undefined) return known;
    const { socket } = session;
    const reader = readerOf(socket, headers);
    if (socket[SOURCE]?.proxies === undefined) readers.set(session, reader);
    return reader;
  };
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
