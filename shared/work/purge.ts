import { Type } from 'typebox';
import { count, nothing } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** Carries out the pending purges of the log. */
export const purgeKind = {
  kind: 'purge',
  askers: [],
  arguments: nothing,
  result: Type.Object({ purges: count, matched: count }),
} satisfies WorkKind;
