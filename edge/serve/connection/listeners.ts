import { once } from 'node:events';
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';

/**
 * libuv accepts one connection of a listener in each turn of the event loop. While a process is busy, a turn takes some
 * 20 ms, and a reader would wait behind all connections that came before.
 */
const LISTENERS = 8;
/**
 * So many connections may wait at a listener, as far as the system allows. A client whose connection finds no place
 * tries again after a second.
 */
const MOST_ARRIVALS = 4096;

/** The listeners of a port. The system spreads new connections over them, and one server takes them all. */
export class Listeners {
  readonly #first: Server;
  readonly #all: readonly Server[];

  constructor(server: Server, options: { readonly allowHalfOpen: boolean }) {
    const others = Array.from({ length: LISTENERS - 1 }, () =>
      createServer({ ...options, noDelay: true }, (socket) => void server.emit('connection', socket)),
    );
    this.#first = server;
    this.#all = [server, ...others];
  }

  async listen(host: string, port: number): Promise<void> {
    let at = port;
    for (const server of this.#all) {
      await listening(server, { host, port: at, reusePort: true, backlog: MOST_ARRIVALS });
      at = (this.#first.address() as AddressInfo).port;
    }
  }

  /** Listens no more. Resolves when all connections are closed. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map(closing));
  }
}

export async function listening(server: Server, options: ListenOptions): Promise<void> {
  server.listen(options);
  await once(server, 'listening');
}

export function closing(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}
