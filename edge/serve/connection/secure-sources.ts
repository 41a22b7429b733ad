import type { Socket } from 'node:net';
import { SOURCE, type Source } from '../../../shared/http/source.ts';

/**
 * Copies the source of a connection to the TLS socket that Node creates for it. Node does not show which connection a
 * TLS socket wraps, but both have the same addresses and ports.
 */
export class SecureSources {
  readonly #sources = new Map<string, Source>();

  /** Remembers the source of a connection before the TLS handshake. */
  remember(socket: Socket): void {
    const source = socket[SOURCE];
    if (source === undefined) return;
    const ends = endsOf(socket);
    this.#sources.set(ends, source);
    socket.once('close', () => this.#sources.delete(ends));
  }

  /** Sets the source of a TLS socket to that of its connection. */
  give(secure: Socket): void {
    if (this.#sources.size > 0) secure[SOURCE] = this.#sources.get(endsOf(secure));
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
