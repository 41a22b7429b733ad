import { isIP, SocketAddress } from 'node:net';

/** A network of addresses. */
export interface Cidr {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

const IPV4_IN_IPV6_BITS = 96;

/**
 * The canonical form of an address: IPv6 in its shortest form, and an IPv4-mapped IPv6 address as IPv4. Undefined for
 * anything else, such as an address with a zone.
 */
export function canonicalAddress(text: string): string | undefined {
  const family = isIP(text);
  if (family === 4) return text;
  if (family !== 6 || text.includes('%')) return undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1] ?? address;
}

/** Parses `10.0.0.0/8`, `2001:db8::/32`, or a single address. Undefined for anything else. */
export function parseCidr(text: string): Cidr | undefined {
  const [, written = '', bits] = /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const address = canonicalAddress(written);
  if (address === undefined) return undefined;
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  const most = family === 'ipv4' ? 32 : 128;
  const isMapped = family === 'ipv4' && isIP(written) === 6;
  const prefix = bits === undefined ? most : Number(bits) - (isMapped ? IPV4_IN_IPV6_BITS : 0);
  return prefix >= 0 && prefix <= most ? { address, prefix, family } : undefined;
}
