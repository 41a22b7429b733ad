import { type Static, Type } from 'typebox';
import { amount, nothing, sumOf } from './amounts.ts';
import type { WorkKind } from './work-kind.ts';

const pruneResult = Type.Object(amount, { description: 'What has left the disk.' });
export type PruneResult = Static<typeof pruneResult>;

/** Deletes the data that no kept revision needs. */
export const pruneKind = {
  kind: 'prune',
  askers: ['admin-port', 'task'],
  arguments: nothing,
  result: pruneResult,
  merge: sumOf,
} satisfies WorkKind;
