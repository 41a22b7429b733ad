import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { SOURCE } from '../../../shared/http/source.ts';
import type { ClientLimits } from './client-limits.ts';
import { EXCHANGE_LIMITS, type ExchangeLimits } from './exchanges.ts';

const MOST_CONNECTIONS = 12_000;
/** A TLS connection counts as this many connections, because it takes some 38 KB even when it is idle. */
export const SECURE_WEIGHT = 2;
/** The number of descriptors that a process needs in addition to those for connections and bodies. */
const OTHER_DESCRIPTORS = 256;

/** The limits with which a process never runs out of descriptors. */
export function limitsFor(descriptors: number): {
  readonly connections: number;
  readonly exchanges: ExchangeLimits;
} {
  const bodies = Math.min(EXCHANGE_LIMITS.bodies, Math.floor(descriptors / 4));
  return {
    connections: Math.max(64, Math.min(MOST_CONNECTIONS, descriptors - bodies - OTHER_DESCRIPTORS)),
    exchanges: { ...EXCHANGE_LIMITS, bodies, clientBodies: Math.min(EXCHANGE_LIMITS.clientBodies, bodies) },
  };
}

/** How many descriptors this process may have. Node raises the soft limit to the hard one at its start. */
export function ownDescriptors(): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/**
 * The connections of all ports of a process. When there are too many, a new connection replaces an idle one: one that
 * has sent and received nothing since it was last checked. Among idle connections, the one that was checked longest ago
 * is closed first.
 */
export class Connections {
  readonly #most: number;
  readonly #limits: Pick<ClientLimits, 'admit' | 'release'>;
  readonly #open = new Map<Socket, Open>();
  #weight = 0;
  /** One listener for all connections. A listener of its own would take memory for each of them. */
  readonly #onClose: (this: Socket) => void;

  constructor(most: number, limits: Pick<ClientLimits, 'admit' | 'release'>) {
    this.#most = most;
    this.#limits = limits;
    const forget = (socket: Socket) => this.#forget(socket);
    this.#onClose = function (this: Socket) {
      forget(this);
    };
  }

  /**
   * If the client has too many connections, closes this one and returns false: an error response would cost more than
   * the connection.
   */
  admit(socket: Socket, weight = 1): boolean {
    if (!this.#isAllowed(socket)) return false;
    this.#add(socket, weight, true);
    return true;
  }

  /** Adds a connection whose client is not known yet. Closes idle ones if there are too many. */
  hold(socket: Socket, weight: number): void {
    this.#add(socket, weight, false);
  }

  /**
   * Counts a connection that was added before. If its client has too many connections, closes this one and returns
   * false.
   */
  count(socket: Socket): boolean {
    const open = this.#open.get(socket);
    if (open === undefined || !this.#isAllowed(socket)) return false;
    open.isCounted = true;
    return true;
  }

  #isAllowed(socket: Socket): boolean {
    if (isProxied(socket) || this.#limits.admit(addressOf(socket))) return true;
    socket.destroy();
    return false;
  }

  #add(socket: Socket, weight: number, isCounted: boolean): void {
    this.#lookAtOldest();
    while (this.#open.size > 0 && this.#weight + weight > this.#most) this.#endOneStill();
    this.#open.set(socket, { seen: bytesOf(socket), weight, isCounted });
    this.#weight += weight;
    socket.on('close', this.#onClose);
  }

  /**
   * Checks one connection for each new one. If all were checked at once, readers would have no time to show activity.
   */
  #lookAtOldest(): void {
    const [oldest] = this.#open;
    if (oldest === undefined) return;
    const [socket, open] = oldest;
    if (bytesOf(socket) !== open.seen) this.#looked(socket, open);
  }

  #looked(socket: Socket, open: Open): void {
    open.seen = bytesOf(socket);
    this.#open.delete(socket);
    this.#open.set(socket, open);
  }

  #endOneStill(): void {
    // A busy connection is checked again after one round over all connections. The second check shows whether it was
    // idle during that round.
    for (let looks = this.#open.size + 1; looks > 0; looks--) {
      const [oldest] = this.#open;
      if (oldest === undefined) return;
      const [socket, open] = oldest;
      if (bytesOf(socket) === open.seen) {
        this.#forget(socket);
        socket.destroy();
        return;
      }
      this.#looked(socket, open);
    }
  }

  #forget(socket: Socket): void {
    const open = this.#open.get(socket);
    if (open === undefined) return;
    this.#open.delete(socket);
    this.#weight -= open.weight;
    if (open.isCounted && !isProxied(socket)) this.#limits.release(addressOf(socket));
  }
}

interface Open {
  /** The bytes that the connection had carried at the last check. */
  seen: number;
  readonly weight: number;
  /** Whether it counts for its client. */
  isCounted: boolean;
}

/** The connections of a proxy carry the requests of many readers, so they count for no client. */
function isProxied(socket: Socket): boolean {
  return socket[SOURCE]?.proxies !== undefined;
}

/** Node remembers the address after the connection has closed, because it was read before. */
function addressOf(socket: Socket): string | undefined {
  return socket[SOURCE]?.address ?? socket.remoteAddress;
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + (bytesWritten ?? 0);
}
