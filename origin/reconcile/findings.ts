import type { VerifyResult } from '../../shared/work/verify.ts';
import type { ShareRow, TaskRow } from '../catalog/task-calls.ts';
import { againKey, type Finding } from './reconcile-plan.ts';

/**
 * The pauses before another repair. Damage that an edge could not repair may be repairable a little later, for example
 * when the origin has repaired its own store. Further repairs are less frequent.
 */
const AGAIN_MS = { first: 60_000, later: 600_000 };

/** The damage that a share of a task has found and not repaired, at the time `now`. Undefined if there is none. */
export function findingOf(
  task: Pick<TaskRow, 'id' | 'kind' | 'args' | 'key'>,
  share: ShareRow,
  now: number,
): Finding | undefined {
  const { by: edge, result, state } = share;
  if (task.kind !== 'verify' && task.kind !== 'repair') return undefined;
  if (state !== 'done' || edge === null || result === null) return undefined;
  const isRepair = task.kind === 'repair' || (JSON.parse(task.args) as { repair?: boolean }).repair === true;
  const { isSound, sites, others } = JSON.parse(result) as VerifyResult;
  if (isSound) return undefined;
  const damaged = sites.reduce((sum, site) => sum + site.damaged, others.damaged);
  const isAgain = task.key?.startsWith(againKey(edge)) ?? false;
  const wait = isRepair ? (isAgain ? AGAIN_MS.later : AGAIN_MS.first) : 0;
  return { edge, task: task.id, damaged, isRepair, due: now + wait };
}
