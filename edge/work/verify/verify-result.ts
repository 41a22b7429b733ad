import { type Static, Type } from 'typebox';

const count = Type.Integer({ minimum: 0 });

const verifiedSite = Type.Object({
  name: Type.String(),
  revision: count,
  manifest: Type.Union([Type.Literal('sound'), Type.Literal('mended'), Type.Literal('damaged')], {
    description: 'Whether the manifest on disk has the root digest that the origin signed.',
  }),
  objects: count,
  bytes: count,
  damaged: Type.Array(Type.String(), {
    description: 'Paths whose bytes were missing on disk or differed from what the origin signed.',
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
        description: 'Damaged objects, which were deleted. The edge fetches them again when they are needed.',
      }),
    },
    {
      description:
        'Objects that are kept for rollbacks, for children, or for a revision that is not shown yet.',
    },
  ),
});

export type VerifyResult = Static<typeof verifyResultSchema>;
