import { type Static, Type } from 'typebox';
import { count } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** The most sites and paths that a result names. The result counts the rest. */
export const MOST_VERIFIED = { sites: 500, paths: 100 };

const verifiedSite = Type.Object({
  name: Type.String(),
  revision: count,
  manifest: Type.Union([Type.Literal('sound'), Type.Literal('mended'), Type.Literal('damaged')], {
    description: 'Whether the manifest on disk has the root digest that the origin signed.',
  }),
  objects: count,
  bytes: count,
  damaged: Type.Integer({
    minimum: 0,
    description:
      'The number of paths whose bytes were missing on disk or differed from what the origin signed.',
  }),
  paths: Type.Array(Type.String(), {
    maxItems: MOST_VERIFIED.paths,
    description: `The first of these paths. All sites together name at most ${MOST_VERIFIED.paths}.`,
  }),
  repaired: Type.Boolean(),
});

/** Compares everything on disk with what the origin signed. With `repair`, it fetches damaged objects again. */
export const verifyKind = {
  kind: 'verify',
  askers: ['admin-port', 'task'],
  arguments: Type.Object({ repair: Type.Boolean() }, { additionalProperties: false }),
  result: Type.Object({
    isSound: Type.Boolean({
      description: 'Whether readers see what the origin signed, after repairs if there were any.',
    }),
    verified: Type.Integer({ minimum: 0, description: 'The number of sites.' }),
    sites: Type.Array(verifiedSite, {
      maxItems: MOST_VERIFIED.sites,
      description: 'The sites. If there are too many, sound ones are left out before sites with faults.',
    }),
    others: Type.Object(
      {
        objects: count,
        damaged: Type.Integer({
          minimum: 0,
          description:
            'Damaged objects, which were deleted. The edge fetches them again when they are needed.',
        }),
      },
      {
        description:
          'Objects that are kept for rollbacks, for children, or for a revision that is not shown yet.',
      },
    ),
  }),
} satisfies WorkKind;

export type VerifyResult = Static<typeof verifyKind.result>;
export type VerifiedSite = Static<typeof verifiedSite>;
