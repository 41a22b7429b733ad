import { type Static, Type } from 'typebox';

const count = Type.Integer({ minimum: 0 });

const verifiedSite = Type.Object({
  name: Type.String(),
  revision: count,
  manifest: Type.Union([Type.Literal('sound'), Type.Literal('mended'), Type.Literal('damaged')], {
    description: 'Whether the manifest on disk has the root that the origin signed.',
  }),
  objects: count,
  bytes: count,
  damaged: Type.Array(Type.String(), {
    description: 'Paths whose bytes on disk were missing or not what the origin signed.',
  }),
  repaired: Type.Boolean(),
});

export const verifyResultSchema = Type.Object({
  sites: Type.Array(verifiedSite),
  others: Type.Object(
    {
      objects: count,
      damaged: Type.Integer({
        minimum: 0,
        description: 'They are gone; whoever needs them fetches them anew.',
      }),
    },
    { description: 'What is kept for rollbacks, for children, or for a revision that is on its way.' },
  ),
});

export type VerifyResult = Static<typeof verifyResultSchema>;
