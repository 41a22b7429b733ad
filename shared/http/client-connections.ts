import { clientOf } from './client-address.ts';
import { Counts } from './counts.ts';

/** The maximum number of connections that a server accepts at a time. */
export interface ConnectionLimits {
  readonly perClient: number;
  readonly all: number;
}

/** Counts the connections of a server by client: by IPv4 address, or by the /64 network of an IPv6 address. */
export class ClientConnections {
  readonly #most: ConnectionLimits;
  readonly #open = new Counts();
  #all = 0;

  constructor(most: ConnectionLimits) {
    this.#most = most;
  }

  /**
   * Returns false when this client, or all clients together, have too many connections. Each admitted connection must
   * be released once.
   */
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
