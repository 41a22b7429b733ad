import { clientOf } from '../../../shared/http/client-address.ts';
import { Counts } from '../../../shared/http/counts.ts';
import { ByteCache } from '../../../shared/process/byte-cache.ts';
import type { ClientLimitOptions } from '../../messages/options.ts';

const REMEMBERED_BYTES = 8 * 1024 * 1024;

/** The limits of one client in a serving process. A client is an IPv4 address or the /64 of an IPv6 address. */
export class ClientLimits {
  readonly #most: ClientLimitOptions;
  readonly #connections = new Counts();
  /** How many requests each client had left at the time of its last request. */
  readonly #allowances = new ByteCache<string, { left: number; at: number }>({
    bytes: REMEMBERED_BYTES,
    sizeOf: () => 64,
  });

  constructor(most: ClientLimitOptions) {
    this.#most = most;
  }

  /** Returns false when the client has too many connections. An admitted connection must be released once. */
  admit(address: string | undefined): boolean {
    const client = clientOf(address);
    if (this.#connections.of(client) >= this.#most.connections) return false;
    this.#connections.add(client, 1);
    return true;
  }

  release(address: string | undefined): void {
    this.#connections.add(clientOf(address), -1);
  }

  get hasRate(): boolean {
    return this.#most.requestsPerSecond !== null;
  }

  /**
   * Whether one more request is within the rate. A client may send all requests of one second at once. `now` is in
   * milliseconds.
   */
  allows(address: string | undefined, now: number): boolean {
    const { requestsPerSecond: rate } = this.#most;
    if (rate === null) return true;
    const client = clientOf(address);
    const burst = Math.max(1, rate);
    const before = this.#allowances.get(client) ?? { left: burst, at: now };
    const left = Math.min(burst, before.left + ((now - before.at) / 1000) * rate);
    this.#allowances.set(client, { left: left >= 1 ? left - 1 : left, at: now });
    return left >= 1;
  }
}
