import { Type } from 'typebox';
import { count, nothing } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** Carries out the purges that the log has brought and that are not carried out yet. */
export const purgeKind = {
  kind: 'purge',
  askers: [],
  arguments: nothing,
  result: Type.Object({ purges: count, matched: count }),
} satisfies WorkKind;
