import { STATIC_TABLE } from './static-table.ts';

/** What a client knows by an index, and what it is told to put into its table. */
export interface Indices {
  /** The index of a whole field. */
  readonly field: (name: string, value: string) => number | undefined;
  /** The index of any field of this name. */
  readonly name: (name: string) => number | undefined;
  readonly isPutIntoTable: (name: string) => boolean;
}

const FIELDS = new Map<string, number>();
const NAMES = new Map<string, number>();
STATIC_TABLE.forEach(([name, value], i) => {
  FIELDS.set(`${name}\n${value}`, i + 1);
  if (!NAMES.has(name)) NAMES.set(name, i + 1);
});

/** What every client knows. */
export const STATIC_INDICES: Indices = {
  field: (name, value) => FIELDS.get(`${name}\n${value}`),
  name: (name) => NAMES.get(name),
  isPutIntoTable: () => false,
};
