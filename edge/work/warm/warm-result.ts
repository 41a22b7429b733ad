import { type Static, Type } from 'typebox';

/** Objects and their bytes. */
const amount = { objects: Type.Integer({ minimum: 0 }), bytes: Type.Integer({ minimum: 0 }) };

export const warmResultSchema = Type.Object({
  site: Type.String(),
  revision: Type.Integer({ minimum: 0 }),
  held: Type.Object(amount, {
    description: 'What was here before its turn came: also what came for a page before that names it, too.',
  }),
  fetched: Type.Object(amount),
  left: Type.Object(amount, {
    description: 'What would not fit into the disk budget beside what is held.',
  }),
  failed: Type.Object(
    { ...amount, why: Type.Union([Type.String(), Type.Null()]) },
    { description: 'What could not be had, and why the first of it could not.' },
  ),
  more: Type.Boolean({
    description: 'There is more to fetch: its time was up. What has come of it stays.',
  }),
});

export type WarmResult = Static<typeof warmResultSchema>;
