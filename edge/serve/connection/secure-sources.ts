import type { Socket } from 'node:net';
import { SOURCE, type Source } from '../../../shared/http/source.ts';

/**
 * Carries the source of a connection over to the TLS socket that Node makes of it. Node does not show which connection
 * a TLS socket wraps, but both have the same ends.
 */
export class SecureSources {
  readonly #sources = new Map<string, Source>();

  /** Remembers the source of a connection before its handshake. */
  remember(socket: Socket): void {
    const source = socket[SOURCE];
    if (source === undefined) return;
    const ends = endsOf(socket);
    this.#sources.set(ends, source);
    socket.once('close', () => this.#sources.delete(ends));
  }

  /** Gives a TLS socket the source of its connection. */
  give(secure: Socket): void {
    if (this.#sources.size > 0) secure[SOURCE] = this.#sources.get(endsOf(secure));
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
