import type { Socket } from 'node:net';
import { type ForwardedFields, type Reader, readerBehind } from './forwarded.ts';
import { canonicalAddress } from './ip-address.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** The source of the requests on a connection, if a trusted proxy is involved. */
export interface Source {
  /** The address of the peer, or the one that a trusted peer named by the PROXY protocol. */
  readonly address: string;
  /** Defined when `address` is itself a trusted proxy. Then header fields of the requests name the readers. */
  readonly proxies: TrustedProxies | undefined;
}

/**
 * The key of the property that holds a connection's source. A map with connections as keys would not work, because
 * Node's HTTP/2 server wraps each connection in a proxy object. Connections of untrusted peers have no source, so they
 * cost nothing.
 */
export const SOURCE = Symbol('source');

declare module 'node:net' {
  interface Socket {
    [SOURCE]?: Source | undefined;
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The client's address when the request began. A trusted proxy may have named it. It is kept here, because an
     * HTTP/2 stream that has ended no longer knows it.
     */
    client: string;
  }
}

/** Records that a connection comes from a trusted proxy, or from the address that such a proxy has named. */
export function noteSource(socket: Socket, address: string, proxies: TrustedProxies): void {
  socket[SOURCE] = { address, proxies: proxies.has(address) ? proxies : undefined };
}

/** The address of the peer in its canonical form. Empty after the connection has closed. */
export function peerOf({ remoteAddress = '' }: Pick<Socket, 'remoteAddress'>): string {
  return canonicalAddress(remoteAddress) ?? remoteAddress;
}

/** The sender of a request with these header fields. */
export function readerOf(socket: Socket, fields: ForwardedFields): Reader {
  const source = socket[SOURCE];
  if (source === undefined) return { address: socket.remoteAddress ?? '', scheme: undefined };
  const { address, proxies } = source;
  return proxies === undefined ? { address, scheme: undefined } : readerBehind(address, fields, proxies.has);
}
