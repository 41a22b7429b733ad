import type { Tls } from './tls.ts';

/** Whether a request for this host arrived on a connection whose TLS handshake named another host. */
export function isMisdirected(tls: Pick<Tls, 'isMisdirected'>, connection: object, host: string): boolean {
  const { servername } = connection as { readonly servername?: string | false | null };
  return tls.isMisdirected(servername || undefined, host);
}
