import { FairShare } from '../../../shared/concurrency/fair-share.ts';

/** Every connection may have a write of this size. */
export const LEAST_WRITTEN = 32 * 1024;
const LARGE_BYTES = 64 * 1024 * 1024;

/** A TLS connection or an HTTP/2 session. */
export interface Connection {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Limits the large writes over TLS. Node encrypts a write as a whole, and a connection keeps the memory of its largest
 * write until it closes, long after the reader has taken the bytes. Large writes cost less CPU time per byte, so they
 * are allowed up to a total over all connections. A client may use only a share of this total.
 */
export class LargeWrites {
  readonly #share = new FairShare({ inAll: LARGE_BYTES });
  readonly #granted = new WeakMap<Connection, number>();

  /** The size of the largest write that a response of `bytes` bytes may use. */
  most(connection: Connection, client: string, bytes: number, limit: number): number {
    const granted = this.#granted.get(connection) ?? LEAST_WRITTEN;
    // A closed connection would never give its share back.
    if (bytes <= granted || connection.destroyed) return granted;
    // The size is rounded up, so that the share grows in few steps: each step adds a listener.
    const wanted = Math.min(limit, 2 ** Math.ceil(Math.log2(bytes)));
    if (wanted <= granted) return granted;
    const giveBack = this.#share.take(client, wanted - granted);
    if (giveBack === undefined) return granted;
    connection.once('close', giveBack);
    this.#granted.set(connection, wanted);
    return wanted;
  }
}
