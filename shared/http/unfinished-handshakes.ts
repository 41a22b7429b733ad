import type { Socket } from 'node:net';
import { clientOf } from './client-address.ts';
import { Counts } from './counts.ts';

/** The maximum number of connections without a complete handshake. */
export interface HandshakeLimits {
  readonly perClient: number;
  readonly all: number;
}

interface Unfinished {
  readonly socket: Socket;
  readonly client: string;
}

/**
 * The connections of a server whose TLS handshake is not complete. Each takes up to 100 KB. When a limit is reached, the
 * oldest connection ends and not the newest, because an honest client completes its handshake within a few round trips.
 * So nobody can take all connections of the port without the work of as many handshakes.
 */
export class UnfinishedHandshakes {
  readonly #most: HandshakeLimits;
  /** By the address and port of the peer, because the connection before and after the handshake are two objects. */
  readonly #open = new Map<string, Unfinished>();
  readonly #clients = new Counts();

  constructor(most: HandshakeLimits) {
    this.#most = most;
  }

  begin(socket: Socket): void {
    const key = keyOf(socket);
    const client = clientOf(socket.remoteAddress);
    this.#makeRoom(client);
    this.#open.set(key, { socket, client });
    this.#clients.add(client, 1);
    socket.once('close', () => this.#end(key));
  }

  /** The handshake is complete. */
  complete(socket: Socket): void {
    this.#end(keyOf(socket));
  }

  #makeRoom(client: string): void {
    const isTooMany = this.#clients.of(client) >= this.#most.perClient;
    if (!isTooMany && this.#open.size < this.#most.all) return;
    for (const [key, oldest] of this.#open) {
      if (isTooMany && oldest.client !== client) continue;
      this.#end(key);
      return void oldest.socket.destroy();
    }
  }

  #end(key: string): void {
    const known = this.#open.get(key);
    if (known === undefined) return;
    this.#open.delete(key);
    this.#clients.add(known.client, -1);
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
