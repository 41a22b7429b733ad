import { DEFAULT_TABLE_BYTES, type Field, FieldTable } from './dynamic-table.ts';
import { HeaderBomb, HpackError } from './hpack-error.ts';
import { decodeHuffman } from './huffman.ts';

export interface DecoderOptions<Kind> {
  readonly kindOf: (name: string, value: string) => Kind;
  /** The result of `staticFields` with the same `kindOf`. */
  readonly staticFields: readonly Field<Kind>[];
  /** The decoder keeps the fields of a longer list out of memory. It does not finish one that is four times as long. */
  readonly mostListBytes: number;
}

/** The first bits of the representations of a field (RFC 7541, 6). */
const INDEXED = 0x80;
/** An index that does not fit into its first byte. */
const LONG_INDEX = 0xff;
const LITERAL_INDEXED = 0x40;
const SIZE_UPDATE = 0x20;
/** The name of a literal that is not indexed or never indexed. */
const PATH_INDEXES: ReadonlySet<number> = new Set([4, 5]);
const NEVER_INDEXED = 0x10;
/** No number that this decoder accepts needs more bits, and shifts stay within 32 bits. */
const MOST_SHIFT = 21;
/** How many times its limit a list may be before it counts as an attack. */
const BOMB = 4;

/** Decodes the header blocks of one connection, in their order. */
export class Decoder<Kind> {
  /** The size of the last list (RFC 9113, 6.5.2), even if its fields were cut off. */
  listBytes = 0;
  /** Where the last block had a literal `:path` that changed no table. Both are 0 if it had none. */
  pathStart = 0;
  pathEnd = 0;
  readonly #table: FieldTable<Kind>;
  readonly #mostListBytes: number;
  /** Where the part that was read last ends. */
  #end = 0;

  constructor({ kindOf, staticFields, mostListBytes }: DecoderOptions<Kind>) {
    this.#table = new FieldTable(kindOf, staticFields);
    this.#mostListBytes = mostListBytes;
  }

  /** Changes whenever the dynamic table does. */
  get version(): number {
    return this.#table.version;
  }

  /**
   * Returns the fields of the block in `from`, cut off where the list exceeds its limit. Throws `HpackError` if the
   * block is malformed, and `HeaderBomb` if it is an attack.
   */
  decode(from: Buffer, start: number, end: number): Field<Kind>[] {
    const fields: Field<Kind>[] = [];
    this.listBytes = 0;
    this.pathStart = 0;
    this.pathEnd = 0;
    let mayResize = true;
    for (let at = start; at < end; at = this.#end) {
      const first = from[at] ?? 0;
      if (first < LITERAL_INDEXED && first >= SIZE_UPDATE) {
        if (!mayResize) throw new HpackError('the size of the table changes between two fields');
        this.#resize(from, at, end);
        continue;
      }
      mayResize = false;
      const field = this.#field(first, from, at, end);
      if (this.#mayKeep(field)) fields.push(field);
    }
    return fields;
  }

  /**
   * The value of a literal `:path` at `start` that ends exactly at `end`. Undefined if something else stands there. No
   * table changes.
   */
  pathBetween(from: Buffer, start: number, end: number): string | undefined {
    const first = from[start] ?? 0;
    if (!PATH_INDEXES.has(first & ~NEVER_INDEXED)) return undefined;
    try {
      const path = this.#text(from, start + 1, end);
      return this.#end === end ? path : undefined;
    } catch {
      return undefined;
    }
  }

  #field(first: number, from: Buffer, at: number, end: number): Field<Kind> {
    if (first >= INDEXED && first < LONG_INDEX) {
      this.#end = at + 1;
      return this.#table.at(first & 0x7f);
    }
    if (first >= INDEXED) return this.#table.at(this.#integer(from, at, end, 0x7f));
    if (first >= LITERAL_INDEXED) {
      const field = this.#literal(from, at, end, 0x3f);
      this.#table.add(field);
      return field;
    }
    const field = this.#literal(from, at, end, 0x0f);
    if (field.name === ':path') {
      this.pathStart = at;
      this.pathEnd = this.#end;
    }
    return field;
  }

  /** Checks the size before the field is kept, because a short block can stand for a huge list. */
  #mayKeep(field: Field<Kind>): boolean {
    this.listBytes += field.size;
    if (this.listBytes > BOMB * this.#mostListBytes)
      throw new HeaderBomb('a header block stands for far too many fields');
    return this.listBytes <= this.#mostListBytes;
  }

  #resize(from: Buffer, at: number, end: number): void {
    const bytes = this.#integer(from, at, end, 0x1f);
    if (bytes > DEFAULT_TABLE_BYTES) throw new HpackError('a table that is larger than announced');
    this.#table.resize(bytes);
  }

  #literal(from: Buffer, start: number, end: number, mask: number): Field<Kind> {
    const index = this.#integer(from, start, end, mask);
    const name = index === 0 ? this.#text(from, this.#end, end) : this.#table.at(index).name;
    return this.#table.field(name, this.#text(from, this.#end, end));
  }

  #text(from: Buffer, start: number, end: number): string {
    if (start >= end) throw new HpackError('a string is cut off');
    const isHuffman = (from[start] ?? 0) >= 0x80;
    const length = this.#integer(from, start, end, 0x7f);
    const at = this.#end;
    const stop = at + length;
    if (stop > end) throw new HpackError('a string is cut off');
    this.#end = stop;
    return isHuffman ? decodeHuffman(from, at, stop) : from.toString('latin1', at, stop);
  }

  /** Reads an integer whose prefix is `mask` (RFC 7541, 5.1). */
  #integer(from: Buffer, start: number, end: number, mask: number): number {
    let value = (from[start] ?? 0) & mask;
    let at = start + 1;
    if (value === mask)
      for (let shift = 0; ; shift += 7) {
        if (at >= end || shift > MOST_SHIFT) throw new HpackError('an integer is cut off or too large');
        const byte = from[at++] ?? 0;
        value += (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    this.#end = at;
    return value;
  }
}
