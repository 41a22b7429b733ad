import { Type } from 'typebox';

export const count = Type.Integer({ minimum: 0 });

/** Objects and their bytes. */
export const amount = { objects: count, bytes: count };

export const nothing = Type.Object({}, { additionalProperties: false });
