import type { Tls } from './tls.ts';

/**
 * Whether a request for this host has arrived on a connection that was opened for another host. See
 * `Tls.isMisdirected`.
 */
export function isMisdirected(tls: Pick<Tls, 'isMisdirected'>, connection: object, host: string): boolean {
  const { servername } = connection as { readonly servername?: string | false | null };
  return tls.isMisdirected(servername || undefined, host);
}

/**
 * Checks whether requests are misdirected. Remembers the last host of each connection, and checks the certificates again
 * only when the host differs.
 */
export function hostsCovered(
  tls: Pick<Tls, 'isMisdirected'>,
): (connection: object, socket: object, host: string) => boolean {
  const last = new WeakMap<object, string>();
  return (connection, socket, host) => {
    if (last.get(connection) === host) return false;
    if (isMisdirected(tls, socket, host)) return true;
    last.set(connection, host);
    return false;
  };
}
