import type { IncomingHttpHeaders } from 'node:http';
import { SkerryError } from '../errors.ts';
import { isLoopback } from './loopback.ts';

/**
 * Headers that proxies add. A request that a proxy on this machine passes on comes from loopback, no matter who sent it
 * to the proxy.
 */
const PROXY_HEADERS = new Set([
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
]);

export function cameThroughProxy(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => PROXY_HEADERS.has(name) || name.startsWith('x-forwarded-'));
}

/**
 * Refuses a request whose host name is not a loopback name. Another site can make its own host name resolve to this
 * machine (DNS rebinding). The browser then treats this server as part of that site, and only the host name in the
 * request shows the difference.
 */
export function requireLocalHost(
  { host }: IncomingHttpHeaders,
  names: ReadonlySet<string> = new Set(),
): void {
  const name = hostName(host ?? '');
  if (name !== undefined && (isLoopback(name) || names.has(name))) return;
  throw new SkerryError(
    'foreign-host',
    `this server does not answer to the host name ${JSON.stringify(host ?? '')}`,
  );
}

function hostName(authority: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(authority) ?? [];
  return (bracketed ?? plain)?.toLowerCase();
}

/** Refuses a request that a page of another site made the browser send. */
export function requireSameSite(headers: IncomingHttpHeaders): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isForeign || (origin !== undefined && origin !== `http://${host}`))
    throw new SkerryError('cross-site', 'a page of another site sent the request');
}
