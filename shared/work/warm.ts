import { type Static, Type } from 'typebox';
import { nameSchema } from '../site/names.ts';
import { amount, count } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** The limits of published paths and patterns of paths, which begin with a slash. */
const MAX_PATH = 1100;
const MAX_PATHS = 1000;

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
  result: Type.Object({
    site: Type.String(),
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
      { ...amount, why: Type.Union([Type.String(), Type.Null()]) },
      { description: 'Objects that the edge could not fetch, and the reason for the first of them.' },
    ),
    more: Type.Boolean({
      description:
        'True when the work was paused and objects are left to fetch. The edge keeps what it has fetched.',
    }),
  }),
} satisfies WorkKind;

export type WarmResult = Static<typeof warmKind.result>;
