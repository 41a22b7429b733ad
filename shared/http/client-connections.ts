import { clientOf } from './client-address.ts';
import { Counts } from './counts.ts';

/** How many connections a server takes. */
export interface ConnectionLimits {
  readonly perClient: number;
  readonly all: number;
}

/** Counts the connections of a server by client: an IPv4 address, or the /64 that an IPv6 address is in. */
export class ClientConnections {
  readonly #most: ConnectionLimits;
  readonly #open = new Counts();
  #all = 0;

  constructor(most: ConnectionLimits) {
    this.#most = most;
  }

  /** False when the client, or all of them, have too many. Each that is admitted has to be released once. */
  admit(address: string | undefined): boolean {
    const client = clientOf(address);
    if (this.#open.of(client) >= this.#most.perClient || this.#all >= this.#most.all) return false;
    this.#open.add(client, 1);
    this.#all++;
    return true;
  }

  release(address: string | undefined): void {
    this.#open.add(clientOf(address), -1);
    this.#all--;
  }
}
