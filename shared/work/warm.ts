import { type Static, Type } from 'typebox';
import { nameSchema } from '../site/names.ts';
import { amount, count } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** Published paths, and patterns of them, which begin with a slash. */
const MAX_PATH = 1100;
const MAX_PATHS = 1000;

/** Has a lazy edge fetch what it lacks of a site, before readers ask for it; without paths all of it. */
export const warmKind = {
  kind: 'warm',
  isOnDemand: true,
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
  }),
} satisfies WorkKind;

export type WarmResult = Static<typeof warmKind.result>;
