import { type Indices, STATIC_INDICES } from './static-indices.ts';
import { STATIC_TABLE } from './static-table.ts';

type Field = readonly [name: string, value: string];

/**
 * Fields that many responses have. The first response of a connection that has all of them puts them into the client's
 * dynamic table, in this order. Nothing else is put there, so their indices are the same on each connection, and header
 * blocks that use them can be prepared. A field without a value here is known by its name.
 */
export class SharedTable {
  readonly #fields: readonly (readonly [name: string, value: string | undefined])[];
  readonly #places: ReadonlyMap<string, number>;
  /** For the block that fills the table. */
  readonly filling: Indices;
  /** For the blocks that refer to the filled table. */
  readonly filled: Indices;

  constructor(fields: readonly (readonly [name: string, value: string | undefined])[]) {
    this.#fields = fields;
    const places = new Map(fields.map(([name], i) => [name, i]));
    this.#places = places;
    // The newest entry has the lowest index.
    const indexOf = (place: number) => STATIC_TABLE.length + fields.length - place;
    this.filling = { ...STATIC_INDICES, isPutIntoTable: (name) => places.has(name) };
    this.filled = {
      field: (name, value) => {
        const place = places.get(name);
        const isKnown = place !== undefined && fields[place]?.[1] === value;
        return isKnown ? indexOf(place) : STATIC_INDICES.field(name, value);
      },
      name: (name) => {
        const place = places.get(name);
        return STATIC_INDICES.name(name) ?? (place === undefined ? undefined : indexOf(place));
      },
      isPutIntoTable: () => false,
    };
  }

  /** Whether a response with these fields can fill the table. */
  canBeFilledWith(headers: Readonly<Record<string, string>>): boolean {
    return this.#fields.every(([name, value]) =>
      value === undefined ? headers[name] !== undefined : headers[name] === value,
    );
  }

  /** Puts the fields of the response that fills the table in the order of the table, behind pseudo-header fields. */
  inOrder(fields: readonly Field[]): Field[] {
    const places = this.#places;
    const place = ([name]: Field) => (name.startsWith(':') ? -1 : (places.get(name) ?? places.size));
    return fields.toSorted((a, b) => place(a) - place(b));
  }
}
