import { appendHuffman, huffmanLength } from './huffman.ts';
import { type Indices, STATIC_INDICES } from './static-indices.ts';

type Field = readonly [name: string, value: string];

const INDEXED = 0x80;
const LITERAL = 0;
const LITERAL_INTO_TABLE = 0x40;
const HUFFMAN = 0x80;

/** A dynamic table size update to 0 (RFC 7541, 6.3). */
export const NO_TABLE = 0x20;

/** Encodes the fields of a header block for a client that knows these indices. By default, it uses no dynamic table. */
export function encodeFields(fields: Iterable<Field>, indices: Indices = STATIC_INDICES): Buffer {
  const bytes: number[] = [];
  for (const [name, value] of fields) {
    const index = indices.field(name, value);
    if (index !== undefined) {
      appendInteger(bytes, INDEXED, 7, index);
      continue;
    }
    const nameIndex = indices.name(name) ?? 0;
    if (indices.isPutIntoTable(name)) appendInteger(bytes, LITERAL_INTO_TABLE, 6, nameIndex);
    else appendInteger(bytes, LITERAL, 4, nameIndex);
    if (nameIndex === 0) appendText(bytes, name);
    appendText(bytes, value);
  }
  return Buffer.from(bytes);
}

function appendText(bytes: number[], text: string): void {
  // Field values are single-byte characters, as on the wire of HTTP/1.1.
  const latin1 = Buffer.from(text, 'latin1').toString('latin1');
  const short = huffmanLength(latin1);
  if (short < latin1.length) {
    appendInteger(bytes, HUFFMAN, 7, short);
    appendHuffman(bytes, latin1);
    return;
  }
  appendInteger(bytes, 0, 7, latin1.length);
  for (let i = 0; i < latin1.length; i++) bytes.push(latin1.charCodeAt(i));
}

/** Appends an integer with a prefix of some bits (RFC 7541, 5.1). */
function appendInteger(bytes: number[], flags: number, prefixBits: number, value: number): void {
  const most = (1 << prefixBits) - 1;
  if (value < most) {
    bytes.push(flags | value);
    return;
  }
  bytes.push(flags | most);
  let rest = value - most;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
}
