import type { Tls } from './tls.ts';

/**
 * Whether a request for this host has arrived on a connection that was opened for another host. See
 * `Tls.isMisdirected`.
 */
export function isMisdirected(tls: Pick<Tls, 'isMisdirected'>, connection: object, host: string): boolean {
  const { servername } = connection as { readonly servername?: string | false | null };
  return tls.isMisdirected(servername || undefined, host);
}
