import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { ClientLimits } from './client-limits.ts';
import { EXCHANGE_LIMITS, type ExchangeLimits } from './exchanges.ts';

const MOST_CONNECTIONS = 12_000;
/** What a connection with TLS counts as: it takes some 60 KB at first, and 100 KB when it has been sent a file. */
export const SECURE_WEIGHT = 4;
/** What a process opens beside connections and the files of bodies. */
const OTHER_DESCRIPTORS = 256;

/** What a process takes on, so that it never runs out of descriptors. */
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

/** How many descriptors this process may have; Node raises its own limit as far as it may. */
export function ownDescriptors(): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/**
 * The connections of a process, of all its ports. When there are too many, one that has been still makes room for one
 * that comes: who has been looked at and has sent and received nothing since then goes, those first that were looked
 * at longest ago.
 */
export class Connections {
  readonly #most: number;
  readonly #limits: Pick<ClientLimits, 'admit' | 'release'>;
  readonly #open = new Map<Socket, Open>();
  #weight = 0;

  constructor(most: number, limits: Pick<ClientLimits, 'admit' | 'release'>) {
    this.#most = most;
    this.#limits = limits;
  }

  /** False for one that is too much, which is closed: an answer would cost more than the connection. */
  admit(socket: Socket, weight = 1): boolean {
    const { remoteAddress } = socket;
    if (!this.#limits.admit(remoteAddress)) {
      socket.destroy();
      return false;
    }
    this.#lookAtOldest();
    while (this.#open.size > 0 && this.#weight + weight > this.#most) this.#endOneStill();
    this.#open.set(socket, { seen: bytesOf(socket), weight });
    this.#weight += weight;
    socket.once('close', () => {
      this.#forget(socket);
      this.#limits.release(remoteAddress);
    });
    return true;
  }

  /** With each that comes: were all looked at when there are too many, nobody would have time to show that he is active. */
  #lookAtOldest(): void {
    const [oldest] = this.#open;
    if (oldest === undefined) return;
    const [socket, open] = oldest;
    if (bytesOf(socket) !== open.seen) this.#looked(socket, open);
  }

  #looked(socket: Socket, open: Open): void {
    this.#open.delete(socket);
    this.#open.set(socket, { ...open, seen: bytesOf(socket) });
  }

  #endOneStill(): void {
    // At the second look at all of them each has been still for as long as it took to get round.
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
    this.#weight -= this.#open.get(socket)?.weight ?? 0;
    this.#open.delete(socket);
  }
}

interface Open {
  /** Its bytes when it was looked at last. */
  readonly seen: number;
  readonly weight: number;
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + (bytesWritten ?? 0);
}
