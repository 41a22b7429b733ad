import type { TLSSocket } from 'node:tls';
import { clientOf } from '../../../shared/http/client-address.ts';
import { SOURCE } from '../../../shared/http/source.ts';
import { pauseReads } from '../connection/direct-reads.ts';
import type { LargeWrites } from '../connection/large-writes.ts';
import type { Peer } from './peer.ts';

/** For this long, a client may still read why its connection has ended. */
const LINGER_MS = 2000;

/** The client at the other end of a TLS connection. */
export class TlsPeer implements Peer {
  readonly socket: TLSSocket;
  readonly #largeWrites: LargeWrites;

  constructor(socket: TLSSocket, largeWrites: LargeWrites) {
    this.socket = socket;
    this.#largeWrites = largeWrites;
  }

  allow(bytes: number, most: number): number {
    const { socket } = this;
    const client = clientOf(socket[SOURCE]?.address ?? socket.remoteAddress);
    return this.#largeWrites.most(socket, client, bytes, most);
  }

  pauseReading(isPaused: boolean): void {
    if (isPaused) pauseReads(this.socket);
    else this.socket.resume();
  }

  /** Gives the client time to read what was written last. */
  ended(): void {
    const { socket } = this;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  }
}
