import { type Static, Type } from 'typebox';

/** Objects and their bytes. */
const amount = { objects: Type.Integer({ minimum: 0 }), bytes: Type.Integer({ minimum: 0 }) };

export const warmResultSchema = Type.Object({
  site: Type.String(),
  revision: Type.Integer({ minimum: 0 }),
  held: Type.Object(amount, {
    description:
      'Objects that the edge already had when their turn came, including objects that an earlier part of this work fetched.',
  }),
  fetched: Type.Object(amount),
  left: Type.Object(amount, {
    description: 'Objects that do not fit into the disk budget beside the objects already held.',
  }),
  failed: Type.Object(
    { ...amount, why: Type.Union([Type.String(), Type.Null()]) },
    { description: 'Objects that the edge could not fetch, and the reason for the first of them.' },
  ),
  more: Type.Boolean({
    description: 'True when time ran out and objects are left to fetch. The edge keeps what it has fetched.',
  }),
});

export type WarmResult = Static<typeof warmResultSchema>;
