import { FairShare } from '../../../shared/concurrency/fair-share.ts';

/** So much of it nobody has to ask for. */
export const LEAST_WRITTEN = 32 * 1024;
const LARGE_BYTES = 64 * 1024 * 1024;

/** A connection over TLS, or a session of HTTP/2. */
export interface Connection {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * What is written over TLS is encrypted at once, and Node keeps as much memory as the largest write of a connection
 * took until the connection is closed, long after its reader has taken the bytes. Large writes are cheaper; those of
 * all connections together have a bound, and clients share it.
 */
export class LargeWrites {
  readonly #share = new FairShare({ inAll: LARGE_BYTES });
  readonly #granted = new WeakMap<Connection, number>();

  /** How much may be written at once to who is sent so many bytes. */
  most(connection: Connection, client: string, bytes: number, limit: number): number {
    const granted = this.#granted.get(connection) ?? LEAST_WRITTEN;
    // Of one that is closed nothing would be given back.
    if (bytes <= granted || connection.destroyed) return granted;
    // In few steps: each leaves a listener.
    const wanted = Math.min(limit, 2 ** Math.ceil(Math.log2(bytes)));
    if (wanted <= granted) return granted;
    const giveBack = this.#share.take(client, wanted - granted);
    if (giveBack === undefined) return granted;
    connection.once('close', giveBack);
    this.#granted.set(connection, wanted);
    return wanted;
  }
}
