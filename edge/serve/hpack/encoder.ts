import { COMMON_FIELDS } from './common-fields.ts';
import { appendHuffman, huffmanLength } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

type Field = readonly [name: string, value: string];

/**
 * How a header block uses the client's dynamic table: not at all, it puts the common fields there, or it refers to
 * them. A block that fills the table must have all of them.
 */
export type TableUse = 'none' | 'fill' | 'refer';

const INDEXED = 0x80;
const LITERAL = 0;
const LITERAL_TO_TABLE = 0x40;
const HUFFMAN = 0x80;

const FIELD_INDEX = new Map<string, number>();
const NAME_INDEX = new Map<string, number>();
STATIC_TABLE.forEach(([name, value], i) => {
  FIELD_INDEX.set(`${name}\n${value}`, i + 1);
  if (!NAME_INDEX.has(name)) NAME_INDEX.set(name, i + 1);
});

/** The same with the filled table. Its newest entry has the lowest index. */
const COMMON_INDEX = new Map<string, number>();
const NAME_INDEX_WITH_TABLE = new Map(NAME_INDEX);
COMMON_FIELDS.forEach(([name, value], i) => {
  const index = STATIC_TABLE.length + COMMON_FIELDS.length - i;
  if (value !== undefined) COMMON_INDEX.set(`${name}\n${value}`, index);
  if (!NAME_INDEX.has(name)) NAME_INDEX_WITH_TABLE.set(name, index);
});
const COMMON_ORDER = new Map(COMMON_FIELDS.map(([name], i) => [name, i]));

/** A dynamic table size update to 0 (RFC 7541, 6.3). */
export const NO_TABLE = 0x20;

/**
 * Encodes the fields of a header block. Blocks of one `TableUse` mean the same on each connection, so they can be
 * prepared.
 */
export function encodeFields(fields: Iterable<Field>, table: TableUse = 'none'): Buffer {
  const bytes: number[] = [];
  const names = table === 'refer' ? NAME_INDEX_WITH_TABLE : NAME_INDEX;
  for (const [name, value] of table === 'fill' ? inTableOrder(fields) : fields) {
    const key = `${name}\n${value}`;
    const index = FIELD_INDEX.get(key) ?? (table === 'refer' ? COMMON_INDEX.get(key) : undefined);
    if (index !== undefined) {
      appendInteger(bytes, INDEXED, 7, index);
      continue;
    }
    const nameIndex = names.get(name) ?? 0;
    if (table === 'fill' && COMMON_ORDER.has(name)) appendInteger(bytes, LITERAL_TO_TABLE, 6, nameIndex);
    else appendInteger(bytes, LITERAL, 4, nameIndex);
    if (nameIndex === 0) appendText(bytes, name);
    appendText(bytes, value);
  }
  return Buffer.from(bytes);
}

/** Puts the common fields in the order of the table, behind the status. */
function inTableOrder(fields: Iterable<Field>): Field[] {
  const place = ([name]: Field) => (name.startsWith(':') ? -1 : (COMMON_ORDER.get(name) ?? Infinity));
  return [...fields].sort((a, b) => {
    const [first, second] = [place(a), place(b)];
    return first === second ? 0 : first - second;
  });
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
