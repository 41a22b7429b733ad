import { type Static, Type } from 'typebox';

export const count = Type.Integer({ minimum: 0 });

/** Objects and their bytes. */
export const amount = { objects: count, bytes: count };
const amounts = Type.Object(amount);
export type Amount = Static<typeof amounts>;

export const sumOf = (all: readonly Amount[]): Amount => ({
  objects: all.reduce((sum, { objects }) => sum + objects, 0),
  bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
});

export const nothing = Type.Object({}, { additionalProperties: false });
