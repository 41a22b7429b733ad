import type { Socket } from 'node:net';
import { type ForwardedFields, type Reader, readerBehind } from './forwarded.ts';
import { canonicalAddress } from './ip-address.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** Where the requests of a connection come from, when a trusted proxy has a part in it. */
export interface Source {
  /** The address of the peer, or the one that a trusted peer named by the PROXY protocol. */
  readonly address: string;
  /** Defined when `address` is itself a trusted proxy: the fields of its requests name their readers. */
  readonly proxies: TrustedProxies | undefined;
}

/**
 * A connection carries its source itself: Node's HTTP/2 server shows a connection only through proxies of its own, which
 * no map would recognise. Connections of untrusted peers have none, so they cost nothing.
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
     * The address of the client when the request began, which a trusted proxy may have named. An HTTP/2 stream that has
     * ended no longer knows it.
     */
    client: string;
  }
}

/** Notes that a connection comes from a trusted proxy, or from the address that such a proxy has named. */
export function noteSource(socket: Socket, address: string, proxies: TrustedProxies): void {
  socket[SOURCE] = { address, proxies: proxies.has(address) ? proxies : undefined };
}

/** The address of the peer in its canonical form. Empty after the connection has closed. */
export function peerOf({ remoteAddress = '' }: Pick<Socket, 'remoteAddress'>): string {
  return canonicalAddress(remoteAddress) ?? remoteAddress;
}

/** Who sent a request with these fields. */
export function readerOf(socket: Socket, fields: ForwardedFields): Reader {
  const source = socket[SOURCE];
  if (source === undefined) return { address: socket.remoteAddress ?? '', scheme: undefined };
  const { address, proxies } = source;
  return proxies === undefined ? { address, scheme: undefined } : readerBehind(address, fields, proxies.has);
}
