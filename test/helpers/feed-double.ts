import type { Socket } from 'node:net';
import { pino } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import { feedRoutes } from '../../shared/feed/feed-routes.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import { httpServer } from '../../shared/http/http-server.ts';
import { INNER_LOG } from './inner-origin.ts';

/** The server of a feed whose source comes and goes, behind a network that fails when a test says so. */
export interface FeedDouble {
  readonly url: string;
  /** Replaces the source. Without a source, connections are refused. Open connections end. */
  serve(source: FeedSource | undefined): void;
  /** Ends all connections. Refuses new ones while `isDown`. */
  cut(isDown: boolean): void;
  /** Breaks the connection after the next `bytes` bytes of all answers together, and does that `times` times. */
  breakAfter(bytes: number, times: number): void;
  close(): Promise<void>;
}

function delegateTo<T extends object>(target: () => T, fixed: Partial<T> = {}): T {
  return new Proxy({} as T, {
    get(_target, name) {
      if (Object.hasOwn(fixed, name)) return Reflect.get(fixed, name);
      const found: unknown = Reflect.get(target(), name);
      return typeof found === 'function' ? found.bind(target()) : found;
    },
  });
}

export async function startFeedDouble(clock: Clock): Promise<FeedDouble> {
  let source: FeedSource | undefined;
  let isDown = false;
  let breaks = { bytes: 0, left: 0, times: 0 };
  const sockets = new Set<Socket>();
  const stopping = new AbortController();
  const app = httpServer(pino({ level: 'silent' }), { forceCloseConnections: true });
  const present = (): FeedSource => {
    if (source === undefined) throw new SkerryError('unavailable', 'nobody is here');
    return source;
  };
  // The routes read these properties once, when they are created.
  const fixed: Partial<FeedSource> = {
    log: INNER_LOG,
    clock,
    members: delegateTo(() => present().members),
    uploads: undefined,
  };
  feedRoutes(app, delegateTo(present, fixed), stopping.signal);
  app.server.on('connection', (socket: Socket) => {
    if (isDown || source === undefined) return socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    breakable(socket);
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };

  function breakable(socket: Socket): void {
    const write = socket.write.bind(socket) as (piece: Uint8Array | string, ...rest: unknown[]) => boolean;
    let isBroken = false;
    socket.write = ((piece: Uint8Array | string, ...rest: unknown[]) => {
      if (isBroken) return false;
      if (breaks.times === 0) return write(piece, ...rest);
      const bytes = typeof piece === 'string' ? Buffer.from(piece, rest[0] as BufferEncoding) : piece;
      if (bytes.length <= breaks.left) {
        breaks.left -= bytes.length;
        return write(piece, ...rest);
      }
      write(bytes.subarray(0, breaks.left));
      isBroken = true;
      breaks = { ...breaks, left: breaks.bytes, times: breaks.times - 1 };
      setImmediate(() => socket.destroy());
      return false;
    }) as Socket['write'];
  }

  return {
    url,
    serve(next) {
      source = next;
      end();
    },
    cut(down) {
      isDown = down;
      end();
    },
    breakAfter(bytes, times) {
      breaks = { bytes, left: bytes, times };
    },
    async close() {
      stopping.abort();
      source = undefined;
      end();
      await app.close();
    },
  };
}
