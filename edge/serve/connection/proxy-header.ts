import { isIPv4, isIPv6 } from 'node:net';
import { canonicalAddress } from '../../../shared/http/ip-address.ts';

/** The meaning of a connection's first bytes in the PROXY protocol, versions 1 and 2. */
export type ProxyHeader =
  /** The header is not complete yet. */
  | { readonly kind: 'incomplete' }
  /** The connection must be closed. */
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'whole';
      readonly bytes: number;
      /**
       * The address of the client. Undefined if the proxy connects on its own behalf or does not know the client. Then
       * the proxy's own address counts.
       */
      readonly source: string | undefined;
    };

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };
const REFUSED: ProxyHeader = { kind: 'refused' };

/** Version 1: a line of text. */
const TEXT_START = Buffer.from('PROXY ');
const MOST_TEXT_BYTES = 107;
const LINE_END = '\r\n';
const TEXT = /^PROXY (TCP[46]) ([0-9a-f:.]+) ([0-9a-f:.]+) ([0-9]{1,5}) ([0-9]{1,5})$/i;
const PORT = /^(0|[1-9][0-9]*)$/;
const MOST_PORT = 65_535;

/**
 * Version 2 has a signature, a byte for version and command, a byte for family and transport, and the length of the
 * rest.
 */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n');
const FIXED_BYTES = 16;
/** The same limit as in nginx. It covers the addresses and further values (TLVs), which are skipped. */
const MOST_BINARY_BYTES = 4096;
const LOCAL = 0x20;
const PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;
/** The number of bytes of the addresses and ports, for each family and transport in the specification. */
const ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [TCP4, 12],
  [0x12, 12],
  [TCP6, 36],
  [0x22, 36],
  [0x31, 216],
  [0x32, 216],
]);

/** Parses the first bytes of a connection that must begin with a header. */
export function proxyHeader(bytes: Buffer): ProxyHeader {
  if (beginsLike(bytes, SIGNATURE)) return bytes.length < FIXED_BYTES ? INCOMPLETE : binaryHeader(bytes);
  if (beginsLike(bytes, TEXT_START)) return bytes.length < TEXT_START.length ? INCOMPLETE : textHeader(bytes);
  return REFUSED;
}

/** Whether the bytes so far begin with the mark, or are the beginning of it. */
function beginsLike(bytes: Buffer, mark: Buffer): boolean {
  const known = Math.min(bytes.length, mark.length);
  return bytes.compare(mark, 0, known, 0, known) === 0;
}

function textHeader(bytes: Buffer): ProxyHeader {
  const line = bytes.toString('latin1', 0, Math.min(bytes.length, MOST_TEXT_BYTES));
  const end = line.indexOf(LINE_END);
  if (end === -1) return bytes.length < MOST_TEXT_BYTES ? INCOMPLETE : REFUSED;
  const source = sourceOfText(line.slice(0, end));
  if (source === 'malformed') return REFUSED;
  return { kind: 'whole', bytes: end + LINE_END.length, source: source.address };
}

function sourceOfText(line: string): { readonly address: string | undefined } | 'malformed' {
  // The specification tells receivers to ignore whatever follows this word.
  if (/^PROXY UNKNOWN( |$)/.test(line)) return { address: undefined };
  const [, family, source = '', destination = '', ...ports] = TEXT.exec(line) ?? [];
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6;
  if (!isAddress(source) || !isAddress(destination) || !ports.every(isPort)) return 'malformed';
  return { address: canonicalAddress(source) };
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= MOST_PORT;
}

function binaryHeader(bytes: Buffer): ProxyHeader {
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const rest = bytes.readUInt16BE(14);
  const whole = FIXED_BYTES + rest;
  if ((command !== LOCAL && command !== PROXY) || whole > MOST_BINARY_BYTES) return REFUSED;
  const addresses = ADDRESS_BYTES.get(family);
  // Receivers ignore the address family of a local connection, such as a health check by the proxy.
  if (command === PROXY && (addresses === undefined || rest < addresses)) return REFUSED;
  if (bytes.length < whole) return INCOMPLETE;
  return {
    kind: 'whole',
    bytes: whole,
    source: command === PROXY ? sourceOfBinary(bytes, family) : undefined,
  };
}

/** The source address. Undefined for a transport that is not TCP over IP, which receivers must treat as unknown. */
function sourceOfBinary(bytes: Buffer, family: number): string | undefined {
  if (family === TCP4) return bytes.subarray(FIXED_BYTES, FIXED_BYTES + 4).join('.');
  if (family !== TCP6) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(FIXED_BYTES + 2 * i).toString(16));
  return canonicalAddress(groups.join(':'));
}
