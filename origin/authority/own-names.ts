import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import type { CoveredNames } from '../../shared/tls/issue.ts';

/** A host name of letters, digits, hyphens and dots (RFC 1123), in lower case. */
const NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

export function isHostName(text: string): boolean {
  return NAME.test(text) && isIP(text) === 0;
}

/** The names and addresses by which clients reach this machine, in a fixed order. */
export function ownNames(
  host: string,
  machine = hostname().toLowerCase(),
  addresses: readonly string[] = machineAddresses(),
): CoveredNames {
  const all = [host.toLowerCase(), machine, 'localhost', '127.0.0.1', '::1', ...addresses];
  // A link-local address is written with its interface, which a certificate cannot name.
  const bare = [...new Set(all.map((name) => name.replace(/%.*$/, '')))].sort();
  return {
    dns: bare.filter(isHostName),
    addresses: bare.filter((name) => isIP(name) !== 0 && !EVERY_ADDRESS.has(name)),
  };
}

const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

function machineAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found = []) => found.map(({ address }) => address));
}
