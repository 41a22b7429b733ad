import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import type { Server } from './attack.ts';

/** Clients that open connections to a TLS port and do not complete the handshake, or complete it all the time. */

export interface Stalled {
  readonly connections: number;
  /** Connections that the server has ended or refused. */
  readonly ended: number;
  /** The longest time after which the server ended a connection. */
  readonly longestMs: number;
}

export interface StalledOptions {
  readonly connections: number;
  /** The number of addresses of the clients. */
  readonly addresses: number;
  /** What each connection sends at once. */
  readonly first: Buffer;
  /** What each connection sends after that, a byte every second. */
  readonly rest?: Buffer;
  /** How long the connections are held after the last of them was opened. */
  readonly seconds: number;
}

/** How many connections are opened at a time. */
const OPENED_AT_ONCE = 64;
const BYTE_MS = 1000;

export async function stalledHandshakes({ host, port }: Server, options: StalledOptions): Promise<Stalled> {
  const { connections, addresses, first, rest = Buffer.alloc(0), seconds } = options;
  /** How many bytes of `rest` each open connection has sent. */
  const opened = new Map<Socket, number>();
  let started = 0;
  let ended = 0;
  let longestMs = 0;
  const open = async () => {
    while (started < connections) {
      started++;
      const socket = connect({ host, port, localAddress: `127.0.2.${1 + (started % addresses)}` });
      const began = performance.now();
      opened.set(socket, 0);
      socket.on('error', () => {});
      socket.on('close', () => {
        if (!opened.delete(socket)) return;
        ended++;
        longestMs = Math.max(longestMs, performance.now() - began);
      });
      // What the server sends is thrown away.
      socket.resume();
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
      if (first.length > 0 && !socket.destroyed) socket.write(first);
    }
  };
  const drip = setInterval(() => {
    for (const [socket, sent] of opened) {
      if (socket.connecting || sent >= rest.length) continue;
      socket.write(rest.subarray(sent, sent + 1));
      opened.set(socket, sent + 1);
    }
  }, BYTE_MS);
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open));
  await Promise.race([wait(seconds * 1000), allEnded(opened)]);
  clearInterval(drip);
  const result = { connections, ended, longestMs };
  for (const socket of opened.keys()) {
    opened.delete(socket);
    socket.destroy();
  }
  return result;
}

async function allEnded(opened: ReadonlyMap<Socket, number>): Promise<void> {
  while (opened.size > 0) await wait(100);
}

/** Completes handshakes, several at a time, each for another host name, and ends each connection at once. */
export async function completedHandshakes(
  { host, port }: Server,
  { atOnce, seconds }: { readonly atOnce: number; readonly seconds: number },
): Promise<{ readonly completed: number; readonly failed: number }> {
  const until = performance.now() + seconds * 1000;
  let started = 0;
  let completed = 0;
  let failed = 0;
  const repeat = async () => {
    while (performance.now() < until) {
      const servername = `n${started++}.example`;
      const socket = connectSecurely({ host, port, servername, rejectUnauthorized: false });
      socket.on('error', () => {});
      const isSecure = await Promise.race([
        once(socket, 'secureConnect').then(() => true),
        once(socket, 'close').then(() => false),
      ]).catch(() => false);
      if (isSecure) completed++;
      else failed++;
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, repeat));
  return { completed, failed };
}

/** The first message of a client, as Node sends it. */
export async function clientHello(): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connectSecurely({ host: '127.0.0.1', port, servername: 'origin.example' });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}
