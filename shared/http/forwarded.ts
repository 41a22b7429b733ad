import parseForwarded from 'forwarded-parse';
import { canonicalAddress } from './ip-address.ts';

/** The header fields in which a proxy names the client whose request it forwards. */
export interface ForwardedFields {
  readonly forwarded?: string | undefined;
  readonly 'x-forwarded-for'?: string | readonly string[] | undefined;
  readonly 'x-forwarded-proto'?: string | readonly string[] | undefined;
}

export type Scheme = 'http' | 'https';

/** The sender of a request, as far as trusted proxies name it. */
export interface Reader {
  readonly address: string;
  /**
   * The scheme that the reader used. When no proxy names it, it is undefined, and the scheme of the connection applies.
   */
  readonly scheme: Scheme | undefined;
}

/** A proxy's description of the peer from which it received the request. */
interface Hop {
  /** Undefined when the proxy names no peer, or names it by something other than an address. */
  readonly address: string | undefined;
  readonly scheme: Scheme | undefined;
}

/** A longer chain of proxies is a mistake, or an attempt to keep this process busy. */
const MOST_HOPS = 32;
/** An IPv6 address in brackets or an IPv4 address, with the port that some proxies add. */
const NODE = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::(?:[0-9]{1,5}|_[\w.-]+))?$/i;

/**
 * The reader behind a trusted proxy: the last address in `Forwarded` (RFC 7239) or `X-Forwarded-For` that does not
 * belong to a trusted proxy. The reader itself may have made up all addresses before it. If a proxy names no address,
 * or writes a malformed field, that proxy counts as the reader.
 *
 * A proxy writes one of the two fields, and passes the other on as its client sent it. The server cannot tell which of
 * them the proxy wrote. So if they name different readers, it uses neither.
 */
export function readerBehind(
  proxy: string,
  fields: ForwardedFields,
  isTrusted: (address: string) => boolean,
): Reader {
  const forwarded = farthest(proxy, hopsOfForwarded(fields.forwarded), isTrusted);
  const listed = farthest(proxy, hopsOfList(textOf(fields['x-forwarded-for'])), isTrusted);
  const scheme = forwarded?.scheme ?? schemeOf(lastOf(textOf(fields['x-forwarded-proto'])));
  const isDisputed = forwarded !== undefined && listed !== undefined && forwarded.address !== listed.address;
  const address = isDisputed ? undefined : (forwarded ?? listed)?.address;
  return { address: address ?? proxy, scheme };
}

/** Follows the hops from the nearest proxy to the first address that is not trusted. */
function farthest(
  proxy: string,
  hops: readonly Hop[] | undefined,
  isTrusted: (address: string) => boolean,
): Reader | undefined {
  if (hops === undefined) return undefined;
  let reader: Reader = { address: proxy, scheme: undefined };
  for (const { address, scheme } of hops.slice(-MOST_HOPS).toReversed()) {
    if (address === undefined || !isTrusted(reader.address)) break;
    reader = { address, scheme };
  }
  return reader;
}

function hopsOfForwarded(field: string | undefined): Hop[] | undefined {
  if (field === undefined) return undefined;
  try {
    return parseForwarded(field).map(({ for: node, proto }) => ({
      address: node === undefined ? undefined : addressOf(node),
      scheme: schemeOf(proto),
    }));
  } catch {
    return [];
  }
}

function hopsOfList(field: string | undefined): Hop[] | undefined {
  return field?.split(',').map((node) => ({ address: addressOf(node.trim()), scheme: undefined }));
}

function addressOf(node: string): string | undefined {
  const [, bracketed, plain] = NODE.exec(node) ?? [];
  return canonicalAddress(bracketed ?? plain ?? node);
}

function schemeOf(text: string | undefined): Scheme | undefined {
  const scheme = text?.trim().toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
}

/** The last value of the list, which the nearest proxy wrote. */
function lastOf(list: string | undefined): string | undefined {
  return list?.slice(list.lastIndexOf(',') + 1);
}

function textOf(field: string | readonly string[] | undefined): string | undefined {
  return typeof field === 'object' ? field.join(',') : field;
}
