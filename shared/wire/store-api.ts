import { type Static, Type } from 'typebox';
import { count } from '../work/amounts.ts';

/** An event about the store names at most this many digests, and gives the number of the others. */
export const MOST_NAMED_OBJECTS = 20;

/** GET /v1/store and POST /v1/store/verify. Times are in milliseconds since 1970. */
export const storeStatusSchema = Type.Object({
  damaged: Type.Integer({
    minimum: 0,
    description:
      'The objects that were found damaged and have not been stored again. No edge and no reader gets them.',
  }),
  pass: Type.Union(
    [
      Type.Object({
        number: Type.Integer({ minimum: 1 }),
        began: Type.Integer(),
        ended: Type.Union([Type.Integer(), Type.Null()]),
        objects: count,
        bytes: count,
        damaged: Type.Integer({ minimum: 0, description: 'The damaged objects that this pass has found.' }),
      }),
      Type.Null(),
    ],
    { description: 'The newest pass over all objects. `ended` is null while it is under way.' },
  ),
});
export type StoreStatus = Static<typeof storeStatusSchema>;
