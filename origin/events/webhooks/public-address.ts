import ipaddr from 'ipaddr.js';

const GLOBAL_IPV6 = ipaddr.IPv6.parse('2000::');

/**
 * Returns the reason why a webhook may not be sent to this address, or undefined. Only addresses of the public internet
 * are allowed. Loopback, private, link-local, unique local, shared (CGNAT) and reserved addresses are refused, and so
 * are addresses that carry an IPv4 address in IPv6, as NAT64, 6to4 and Teredo do. An IPv4 address that is mapped into
 * IPv6 is judged as an IPv4 address.
 */
export function privateAddress(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return `${address} is not an address`;
  const known = ipaddr.process(address);
  const range = known.range();
  // All assigned global unicast addresses of IPv6 are in 2000::/3.
  const isGlobal = known instanceof ipaddr.IPv4 || known.match(GLOBAL_IPV6, 3);
  return range === 'unicast' && isGlobal ? undefined : `${address} is not public (${range})`;
}

/** The address that the host of a URL is, or undefined for a name. */
export function addressOf(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(bare) ? bare : undefined;
}
