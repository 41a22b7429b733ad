import { type Static, Type } from 'typebox';
import { MAX_PATH_BYTES } from '../content/content-path.ts';
import { nameSchema } from '../site/names.ts';
import { count } from './amounts.ts';
import { fitting } from './fitting.ts';
import type { WorkKind } from './work-kind.ts';

/**
 * The maximum number of sites and paths that a result names, and of their bytes as JSON text. The result counts all
 * others.
 */
export const MOST_VERIFIED = { sites: 500, siteBytes: 12 * 1024, paths: 100, pathBytes: 10 * 1024 };

const verifiedSite = Type.Object({
  name: nameSchema,
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
  paths: Type.Array(Type.String({ maxLength: MAX_PATH_BYTES }), {
    maxItems: MOST_VERIFIED.paths,
    description: `The first of these paths. All sites together name at most ${MOST_VERIFIED.paths}.`,
  }),
  repaired: Type.Boolean(),
});
export type VerifiedSite = Static<typeof verifiedSite>;

/** The result of `verify` and of `repair`. */
export const verifyResult = Type.Object({
  isSound: Type.Boolean({
    description: 'Whether readers see what the origin signed, after repairs if there were any.',
  }),
  verified: Type.Integer({ minimum: 0, description: 'The number of sites.' }),
  sites: Type.Array(verifiedSite, {
    maxItems: MOST_VERIFIED.sites,
    description: 'If there are too many sites, sound ones are left out first.',
  }),
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
export type VerifyResult = Static<typeof verifyResult>;

/**
 * Compares the data on disk with what the origin signed. If `site` is given, checks only the data that the active
 * revision of this site needs. If `repair` is true, fetches damaged objects again.
 */
export const verifyKind = {
  kind: 'verify',
  askers: ['admin-port', 'task'],
  arguments: Type.Object(
    { repair: Type.Boolean(), site: Type.Optional(nameSchema) },
    { additionalProperties: false },
  ),
  result: verifyResult,
  merge: mergeVerified,
} satisfies WorkKind;

/** The sites and paths that a result may name. If there are too many sites, sound ones are left out first. */
export function namedSites(sites: readonly VerifiedSite[]): VerifiedSite[] {
  const paths = fitting(
    sites.flatMap(({ paths }, at) => paths.map((path) => ({ at, path }))),
    MOST_VERIFIED.pathBytes,
    MOST_VERIFIED.paths,
  );
  const faultyFirst = sites
    .map((site, at) => ({ at, site: { ...site, paths: [] as string[] } }))
    .sort((a, b) => Number(isClean(a.site)) - Number(isClean(b.site)) || a.at - b.at);
  const named = fitting(faultyFirst, MOST_VERIFIED.siteBytes, MOST_VERIFIED.sites);
  return named
    .sort((a, b) => a.at - b.at)
    .map(({ at, site }) => ({
      ...site,
      paths: paths.filter((one) => one.at === at).map(({ path }) => path),
    }));
}

/**
 * The merged result is sound only if the result of every edge is sound. It names a site once, even if several edges
 * reported the site.
 */
export function mergeVerified(results: readonly VerifyResult[]): VerifyResult {
  const byName = Map.groupBy(
    results.flatMap(({ sites }) => sites),
    ({ name }) => name,
  );
  const sum = (numberOf: (result: VerifyResult) => number) =>
    results.reduce((sum, result) => sum + numberOf(result), 0);
  return {
    isSound: results.every(({ isSound }) => isSound),
    verified: sum(({ verified }) => verified),
    sites: namedSites([...byName.values()].map(mergeSite)),
    others: { objects: sum(({ others }) => others.objects), damaged: sum(({ others }) => others.damaged) },
  };
}

const MANIFESTS = ['damaged', 'mended', 'sound'] as const;

function mergeSite(all: readonly VerifiedSite[]): VerifiedSite {
  const sum = (numberOf: (site: VerifiedSite) => number) =>
    all.reduce((sum, site) => sum + numberOf(site), 0);
  const damaged = all.filter((site) => site.damaged > 0);
  return {
    name: all[0]?.name ?? '',
    revision: Math.min(...all.map(({ revision }) => revision)),
    manifest: MANIFESTS.find((state) => all.some(({ manifest }) => manifest === state)) ?? 'sound',
    objects: sum(({ objects }) => objects),
    bytes: sum(({ bytes }) => bytes),
    damaged: sum(({ damaged }) => damaged),
    paths: [...new Set(all.flatMap(({ paths }) => paths))].slice(0, MOST_VERIFIED.paths),
    repaired: damaged.length > 0 && damaged.every(({ repaired }) => repaired),
  };
}

function isClean({ manifest, damaged }: VerifiedSite): boolean {
  return manifest === 'sound' && damaged === 0;
}
