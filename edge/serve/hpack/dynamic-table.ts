import { HpackError } from './hpack-error.ts';
import { STATIC_TABLE } from './static-table.ts';

/** A header field. `Kind` is what the owner of the table makes of its name and value. It is computed only once. */
export interface Field<Kind> {
  readonly name: string;
  readonly value: string;
  /** The size as both sides count it (RFC 7541, 4.1). */
  readonly size: number;
  readonly kind: Kind;
}

/** The bytes that an entry counts in addition to its name and value. */
const OVERHEAD = 32;
/** The size of the table until the settings of the decoder are acknowledged. */
export const DEFAULT_TABLE_BYTES = 4096;

/** The static and the dynamic table of a decoder. */
export class FieldTable<Kind> {
  /** Changes whenever the dynamic table does. As long as it is the same, the same bytes mean the same fields. */
  version = 0;
  readonly #kindOf: (name: string, value: string) => Kind;
  readonly #static: readonly Field<Kind>[];
  /** The newest entry is the last one. */
  readonly #entries: Field<Kind>[] = [];
  #size = 0;
  #limit = DEFAULT_TABLE_BYTES;

  constructor(kindOf: (name: string, value: string) => Kind, staticFields: readonly Field<Kind>[]) {
    this.#kindOf = kindOf;
    this.#static = staticFields;
  }

  /** Makes a field that is in no table yet. */
  field(name: string, value: string): Field<Kind> {
    return { name, value, size: name.length + value.length + OVERHEAD, kind: this.#kindOf(name, value) };
  }

  at(index: number): Field<Kind> {
    const beyond = index - STATIC_TABLE.length;
    const field = beyond > 0 ? this.#entries[this.#entries.length - beyond] : this.#static[index - 1];
    if (field === undefined) throw new HpackError('an index of no entry');
    return field;
  }

  add(field: Field<Kind>): void {
    this.version++;
    this.#evictTo(this.#limit - field.size);
    // A field that is larger than the table leaves the table empty (RFC 7541, 4.4).
    if (field.size > this.#limit) return;
    this.#entries.push(field);
    this.#size += field.size;
  }

  resize(bytes: number): void {
    this.version++;
    this.#limit = bytes;
    this.#evictTo(bytes);
  }

  #evictTo(most: number): void {
    let evicted = 0;
    for (; this.#size > most; evicted++) {
      const oldest = this.#entries[evicted];
      if (oldest === undefined) break;
      this.#size -= oldest.size;
    }
    if (evicted > 0) this.#entries.splice(0, evicted);
  }
}

/** The fields of the static table, which all tables of one kind share. */
export function staticFields<Kind>(kindOf: (name: string, value: string) => Kind): readonly Field<Kind>[] {
  return STATIC_TABLE.map(([name, value]) => ({
    name,
    value,
    size: name.length + value.length + OVERHEAD,
    kind: kindOf(name, value),
  }));
}
