import type { VerifyResult } from '../../shared/work/verify.ts';
import type { ShareRow, TaskRow } from '../catalog/task-calls.ts';
import type { Finding } from './reconcile-plan.ts';

/** The damage that a share of a task has found. Undefined if there is none left to repair. */
export function findingOf(task: Pick<TaskRow, 'id' | 'kind' | 'args'>, share: ShareRow): Finding | undefined {
  const { by: edge, result, state } = share;
  if (task.kind !== 'verify' || state !== 'done' || edge === null || result === null) return undefined;
  if ((JSON.parse(task.args) as { repair?: boolean }).repair === true) return undefined;
  const { isSound, sites, others } = JSON.parse(result) as VerifyResult;
  if (isSound) return undefined;
  const damaged = sites.reduce((sum, site) => sum + site.damaged, others.damaged);
  return { edge, task: task.id, damaged };
}
