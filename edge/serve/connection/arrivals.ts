import type { Socket } from 'node:net';
import { noteSource, peerOf } from '../../../shared/http/source.ts';
import { TrustedProxies } from '../../../shared/http/trusted-proxies.ts';
import type { ProxyOptions } from '../../messages/options.ts';
import type { Connections } from './connections.ts';
import { proxyHeader } from './proxy-header.ts';

/** The specification asks for three seconds at least, so that a lost packet can be sent again. */
const HEADER_MS = 5000;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Admits new connections, and finds out where they come from before anything else reads them. Without trusted proxies
 * that is their peer.
 */
export class Arrivals {
  readonly #connections: Connections;
  /** Undefined when no proxy is trusted. */
  readonly #proxies: TrustedProxies | undefined;
  readonly #expectHeaders: boolean;
  /** Connections whose header has not come yet. */
  readonly #waiting = new Set<Socket>();

  constructor(connections: Connections, { trusted, useProxyProtocol }: ProxyOptions) {
    this.#connections = connections;
    this.#proxies = trusted.length === 0 ? undefined : new TrustedProxies(trusted);
    this.#expectHeaders = useProxyProtocol;
  }

  /** Calls `ready` when the connection is admitted. It closes the connection otherwise. */
  take(socket: Socket, weight: number, ready: (socket: Socket) => void): void {
    const peer = this.#proxies === undefined ? '' : peerOf(socket);
    const proxies = this.#proxies?.has(peer) ? this.#proxies : undefined;
    if (proxies !== undefined && this.#expectHeaders) {
      this.#connections.hold(socket, weight);
      this.#awaitHeader(socket, (source = peer) => {
        noteSource(socket, source, proxies);
        if (this.#connections.count(socket)) ready(socket);
      });
    } else {
      if (proxies !== undefined) noteSource(socket, peer, proxies);
      if (this.#connections.admit(socket, weight)) ready(socket);
    }
  }

  /** Closes the connections that have sent no header yet. */
  closeWaiting(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  /** Calls `whole` with the header's source, and with the rest of the bytes put back. */
  #awaitHeader(socket: Socket, whole: (source: string | undefined) => void): void {
    let bytes = NOTHING;
    const giveUp = () => socket.destroy();
    const timer = setTimeout(giveUp, HEADER_MS);
    const leave = () => {
      clearTimeout(timer);
      this.#waiting.delete(socket);
      socket.off('data', read).off('end', giveUp).off('error', giveUp).off('close', leave);
    };
    const read = (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const header = proxyHeader(bytes);
      if (header.kind === 'incomplete') return;
      if (header.kind === 'refused') return giveUp();
      leave();
      socket.pause();
      const rest = bytes.subarray(header.bytes);
      if (rest.length > 0) socket.unshift(rest);
      whole(header.source);
    };
    this.#waiting.add(socket);
    socket.on('data', read).on('end', giveUp).on('error', giveUp).on('close', leave);
  }
}
