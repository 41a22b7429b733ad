import { type Static, Type } from 'typebox';
import { count } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** What a result names. The rest is counted. */
export const MOST_VERIFIED = { sites: 500, paths: 100 };

const verifiedSite = Type.Object({
  name: Type.String(),
  revision: count,
  manifest: Type.Union([Type.Literal('sound'), Type.Literal('mended'), Type.Literal('damaged')], {
    description: 'Whether the manifest on disk has the root that the origin signed.',
  }),
  objects: count,
  bytes: count,
  damaged: Type.Integer({
    minimum: 0,
    description: 'Paths whose bytes on disk were missing or not what the origin signed.',
  }),
  paths: Type.Array(Type.String(), {
    maxItems: MOST_VERIFIED.paths,
    description: `The first of them. All sites together name ${MOST_VERIFIED.paths}.`,
  }),
  repaired: Type.Boolean(),
});

/** Compares everything on disk with what the origin signed; `repair` fetches what was found damaged. */
export const verifyKind = {
  kind: 'verify',
  isOnDemand: true,
  arguments: Type.Object({ repair: Type.Boolean() }, { additionalProperties: false }),
  result: Type.Object({
    isSound: Type.Boolean({
      description: 'What readers see is what the origin signed, or has been made so.',
    }),
    verified: Type.Integer({ minimum: 0, description: 'Sites.' }),
    sites: Type.Array(verifiedSite, {
      maxItems: MOST_VERIFIED.sites,
      description: 'Of more, those in which nothing was found are left out.',
    }),
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
  }),
} satisfies WorkKind;

export type VerifyResult = Static<typeof verifyKind.result>;
export type VerifiedSite = Static<typeof verifiedSite>;
