import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Clock } from '../../shared/clock.ts';
import { ByteLog } from './byte-log.ts';

const HOST = '127.0.0.1';
/** Each side may still send after the other side has ended its direction. */
const SOCKETS = { noDelay: true, allowHalfOpen: true };
/** An edge opens at most half as many connections. */
const MOST_CONNECTIONS = 128;

/** A proxy in front of the origin that counts every byte in both directions. */
export interface CountedLine {
  /** The address to use in place of the origin's. */
  readonly url: string;
  readonly bytes: ByteLog;
  close(): Promise<void>;
}

/** `port` is the port of the origin, which need not listen yet. */
export async function openCountedLine(port: number, clock: Pick<Clock, 'now'>): Promise<CountedLine> {
  const bytes = new ByteLog();
  const open = new Set<Socket>();
  const counted = (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    return socket.on('data', ({ length }: Buffer) => bytes.add(length, clock.now()));
  };
  const server = createServer(SOCKETS, (socket) => {
    const edge = counted(socket);
    const origin = counted(connect({ ...SOCKETS, host: HOST, port }));
    // An error on one side closes both. Each then sees a lost connection and reports it.
    const ended = (error?: Error | null) => {
      if (!error) return;
      edge.destroy();
      origin.destroy();
    };
    pipeline(edge, origin, ended);
    pipeline(origin, edge, ended);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(0, HOST);
  await once(server, 'listening');
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    bytes,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
