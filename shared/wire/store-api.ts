import { type Static, Type } from 'typebox';
import { count } from '../work/amounts.ts';

/** An event about the store names at most this many digests, and gives the number of the others. */
export const MOST_NAMED_OBJECTS = 20;

export const storeRoleSchema = Type.Union(
  [Type.Literal('target'), Type.Literal('kept'), Type.Literal('dropping'), Type.Literal('leaving')],
  {
    description:
      '`target`: the objects are on their way there. `kept`: they were there before, and still are. `dropping`: they are being deleted there. `leaving`: the origin is about to forget the place, and leaves the objects there.',
  },
);

/** Where the objects are, and where they are moving to. */
export const migrationSchema = Type.Object({
  store: Type.String({
    description: 'The store that has all objects: `file:` for the data folder, or `s3://…`.',
  }),
  other: Type.Union(
    [
      Type.Object({
        url: Type.String(),
        role: storeRoleSchema,
      }),
      Type.Null(),
    ],
    { description: 'A second store, if there is one.' },
  ),
  progress: Type.Union(
    [
      Type.Object({
        objects: count,
        bytes: count,
        left: Type.Object(
          { objects: count, bytes: count },
          { description: 'What has still to be compared, and copied where the target lacks it.' },
        ),
        bytesPerSecond: Type.Integer({
          minimum: 0,
          description: 'The average since the move began, or went on after a restart.',
        }),
        secondsLeft: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
          description: 'What the rest takes at this rate. Null until something has moved.',
        }),
      }),
      Type.Null(),
    ],
    { description: 'What the target has, as far as it was compared since the last start.' },
  ),
  error: Type.Union([Type.String(), Type.Null()], {
    description: 'Why the move does not go on. The origin tries again.',
  }),
});
export type MigrationStatus = Static<typeof migrationSchema>;

/** POST /v1/store/migration */
export const migrationRequestSchema = Type.Object(
  {
    to: Type.String({
      minLength: 1,
      maxLength: 2048,
      description: '`s3://BUCKET/PREFIX`, or `file:` for the data folder.',
    }),
  },
  { additionalProperties: false },
);

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
