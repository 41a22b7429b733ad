import {
  constants,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Lane, type LaneParts } from './lane.ts';
import { exchangeOf } from './logged-exchange.ts';
import { plainStream } from './recognise.ts';

/**
 * Connections in HTTP/1.1 and streams of HTTP/2 of a server with TLS come to the fast lane first. To be called when
 * the server has its own listeners.
 */
export function secureLane(server: Http2SecureServer, parts: Omit<LaneParts, 'handOver'>): Lane {
  const connectFully = takeFrom(server, 'secureConnection');
  const answerFully = takeFrom(server, 'stream');
  const lane = new Lane({ ...parts, handOver: connectFully });
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') connectFully(socket);
    else lane.take(socket);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...others: unknown[]) => {
    if (!answerPlain(stream, headers, parts)) answerFully(stream, headers, ...others);
  });
  return lane;
}

/** False when the full server has to answer. */
function answerPlain(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { views, answers, counters, time, limits, accessLog, scheme }: Omit<LaneParts, 'handOver'>,
): boolean {
  const sites = views.current();
  const get = plainStream(headers);
  if (sites instanceof Promise || get === undefined) return false;
  const now = time.now();
  const answer = answers.find(get, sites, Math.floor(now / 1000));
  if (answer === undefined || !views.mayServe(answer.view)) return false;
  const client = stream.session?.socket.remoteAddress;
  if (limits.hasRate && !limits.allows(client, performance.now())) return false;
  answer.usedAt = now;
  // A reader that goes away breaks its stream off: nobody is left to tell.
  stream.on('error', () => {});
  counters.count(answer.view.name, answer.status, answer.body.length, 0);
  accessLog?.write(exchangeOf(get, answer, scheme, '2.0', client));
  try {
    stream.respond({ ':status': answer.status, date: time.date(), ...answer.headers });
    stream.end(answer.body);
  } catch {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
  return true;
}

/** Takes the listeners of an event away; calling what is returned calls them. */
function takeFrom(server: Http2SecureServer, event: string): (...args: unknown[]) => void {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  return (...args) => {
    for (const listener of listeners) listener.apply(server, args);
  };
}
