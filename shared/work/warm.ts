import { type Static, Type } from 'typebox';
import { nameSchema } from '../site/names.ts';
import { amount, count, sumOf } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** The maximum length of a published path, or of a pattern of paths. Both begin with a slash. */
const MAX_PATH = 1100;
const MAX_PATHS = 1000;
/** The maximum number of characters of the reason for a failure. */
export const MAX_WHY = 500;

const warmResult = Type.Object({
  site: nameSchema,
  revision: count,
  held: Type.Object(amount, {
    description:
      'Objects that the edge already had when their turn came, including objects that an earlier part of this work fetched.',
  }),
  fetched: Type.Object(amount),
  left: Type.Object(amount, {
    description: 'Objects that do not fit into the disk budget beside the objects already held.',
  }),
  failed: Type.Object(
    { ...amount, why: Type.Union([Type.String({ maxLength: MAX_WHY }), Type.Null()]) },
    { description: 'Objects that the edge could not fetch, and the reason for the first of them.' },
  ),
  more: Type.Boolean({
    description:
      'True when the work was paused and objects are left to fetch. The edge keeps what it has fetched.',
  }),
});
export type WarmResult = Static<typeof warmResult>;

/**
 * Fetches objects that a lazy edge lacks, before readers ask for them. Without paths, it fetches all objects of the
 * site.
 */
export const warmKind = {
  kind: 'warm',
  askers: ['admin-port', 'task'],
  arguments: Type.Object(
    {
      site: nameSchema,
      paths: Type.Array(Type.String({ maxLength: MAX_PATH }), { maxItems: MAX_PATHS }),
    },
    { additionalProperties: false },
  ),
  mostArgumentBytes: MAX_PATHS * (MAX_PATH + 64),
  result: warmResult,
  merge: mergeWarmed,
} satisfies WorkKind;

function mergeWarmed(results: readonly WarmResult[]): WarmResult {
  const sum = (of: 'held' | 'fetched' | 'left' | 'failed') => sumOf(results.map((result) => result[of]));
  const why = results.map(({ failed }) => failed.why).find((why) => why !== null) ?? null;
  return {
    site: results[0]?.site ?? '',
    revision: Math.min(...results.map(({ revision }) => revision)),
    ...{ held: sum('held'), fetched: sum('fetched'), left: sum('left'), failed: { ...sum('failed'), why } },
    more: results.some(({ more }) => more),
  };
}
