import { appendHuffman, huffmanLength } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

type Field = readonly [name: string, value: string];

const INDEXED = 0x80;
const LITERAL = 0;
const HUFFMAN = 0x80;

const FIELD_INDEX = new Map<string, number>();
const NAME_INDEX = new Map<string, number>();
STATIC_TABLE.forEach(([name, value], i) => {
  FIELD_INDEX.set(`${name}\n${value}`, i + 1);
  if (!NAME_INDEX.has(name)) NAME_INDEX.set(name, i + 1);
});

/** A dynamic table size update to 0 (RFC 7541, 6.3). */
export const NO_TABLE = 0x20;

/**
 * Encodes fields with the static table alone. The bytes mean the same on each connection, because they neither use nor
 * change a dynamic table, so they can be prepared.
 */
export function encodeFields(fields: Iterable<Field>): Buffer {
  const bytes: number[] = [];
  for (const [name, value] of fields) {
    const index = FIELD_INDEX.get(`${name}\n${value}`);
    if (index !== undefined) {
      appendInteger(bytes, INDEXED, 7, index);
      continue;
    }
    const nameIndex = NAME_INDEX.get(name) ?? 0;
    appendInteger(bytes, LITERAL, 4, nameIndex);
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
