import type { Socket } from 'node:net';
import { noteSource, peerOf } from '../../../shared/http/source.ts';
import { TrustedProxies } from '../../../shared/http/trusted-proxies.ts';
import type { ProxyOptions } from '../../messages/options.ts';
import type { Connections } from './connections.ts';
import { proxyHeader } from './proxy-header.ts';

/** The specification requires at least three seconds, so that a lost packet can be sent again. */
const HEADER_MS = 5000;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Admits new connections. If a trusted proxy sends PROXY headers, reads the source of the connection from its header
 * before anything else reads the connection. Otherwise, the source is the peer.
 */
export class Arrivals {
  readonly #connections: Connections;
  /** Undefined when no proxy is trusted. */
  readonly #proxies: TrustedProxies | undefined;
  readonly #expectHeaders: boolean;
  /** Connections whose header has not arrived yet. */
  readonly #waiting = new Set<Socket>();

  constructor(connections: Connections, { trusted, useProxyProtocol }: ProxyOptions) {
    this.#connections = connections;
    this.#proxies = trusted.length === 0 ? undefined : new TrustedProxies(trusted);
    this.#expectHeaders = useProxyProtocol;
  }

  /** Calls `ready` if the connection is admitted, and closes the connection otherwise. */
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

  /**
   * Calls `whole` with the source that the header names. Puts the bytes after the header back into the socket first.
   */
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
