import parseForwarded from 'forwarded-parse';
import { canonicalAddress } from './ip-address.ts';

/** The fields with which a proxy says whom it speaks for. */
export interface ForwardedFields {
  readonly forwarded?: string | undefined;
  readonly 'x-forwarded-for'?: string | readonly string[] | undefined;
  readonly 'x-forwarded-proto'?: string | readonly string[] | undefined;
}

export type Scheme = 'http' | 'https';

/** Who sent a request, as far as trusted proxies say. */
export interface Reader {
  readonly address: string;
  /** The scheme that the reader used. Undefined when no proxy names it: it is that of the connection then. */
  readonly scheme: Scheme | undefined;
}

/** What one proxy says of the peer that it got the request from. */
interface Hop {
  /** Undefined when the proxy does not tell, or tells something that is no address. */
  readonly address: string | undefined;
  readonly scheme: Scheme | undefined;
}

/** More proxies than this in a row are a mistake, or an attempt to keep this process busy. */
const MOST_HOPS = 32;
/** An address in brackets or IPv4, and the port that some proxies add. */
const NODE = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::(?:[0-9]{1,5}|_[\w.-]+))?$/i;

/**
 * The reader behind a trusted proxy: the last address in `Forwarded` (RFC 7239) or `X-Forwarded-For` that no trusted
 * proxy has. Everything before it is the reader's own claim. Where a proxy names nobody, the reader is that proxy, and
 * so it is when a field is malformed.
 *
 * A proxy writes one of the two fields and passes on the other as its client sent it, and nothing tells which. So when
 * they name different readers, neither is believed.
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

/** The nearest proxy writes the last one. */
function lastOf(list: string | undefined): string | undefined {
  return list?.slice(list.lastIndexOf(',') + 1);
}

function textOf(field: string | readonly string[] | undefined): string | undefined {
  return typeof field === 'object' ? field.join(',') : field;
}
