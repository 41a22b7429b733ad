import { type Static, Type } from 'typebox';
import { amount, nothing } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

/** Deletes what no kept revision needs. */
export const pruneKind = {
  kind: 'prune',
  askers: ['admin-port'],
  arguments: nothing,
  result: Type.Object(amount, { description: 'What has left the disk.' }),
} satisfies WorkKind;

export type PruneResult = Static<typeof pruneKind.result>;
