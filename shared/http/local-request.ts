import type { IncomingHttpHeaders } from 'node:http';
import { SkerryError } from '../errors.ts';
import { isLoopback } from './loopback.ts';

/** What proxies add; that a request comes from loopback says nothing about who sent it to them. */
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
 * Refuses what was asked for under a name of no loopback address. A page of another site can have its own name
 * lead here (DNS rebinding): to the browser it is the same site then, and only the name tells.
 */
export function requireLocalHost(
  { host }: IncomingHttpHeaders,
  names: ReadonlySet<string> = new Set(),
): void {
  const name = hostName(host ?? '');
  if (name !== undefined && (isLoopback(name) || names.has(name))) return;
  throw new SkerryError('foreign-host', `${JSON.stringify(host ?? '')} is not a name that is answered here`);
}

function hostName(authority: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(authority) ?? [];
  return (bracketed ?? plain)?.toLowerCase();
}

/** Refuses what a page of another site has a browser send. */
export function requireSameSite(headers: IncomingHttpHeaders): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isForeign || (origin !== undefined && origin !== `http://${host}`))
    throw new SkerryError('cross-site', 'a page of another site sent this');
}
