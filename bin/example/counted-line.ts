import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Clock } from '../../shared/clock.ts';
import { ByteLog } from './byte-log.ts';

const HOST = '127.0.0.1';
/** An end that has said all may still be answered. */
const SOCKETS = { noDelay: true, allowHalfOpen: true };
/** An edge opens half as many. */
const MOST_CONNECTIONS = 128;

/** A way to the origin on which every byte is counted, in both directions. */
export interface CountedLine {
  /** Stands for the origin. */
  readonly url: string;
  readonly bytes: ByteLog;
  close(): Promise<void>;
}

/** `port` is the origin's, which need not listen yet. */
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
    // When one end fails, the other goes with it; each sees that as a lost connection and says so.
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
