import type { WholeTask } from '../../origin/client/tasks-client.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { ShareStatus } from '../../shared/wire/task-api.ts';
import { plural, printJson } from '../terminal/output.ts';
import { printTask } from './print-task.ts';
import { shareText } from './share-text.ts';
import { nameOf } from './task-progress.ts';

/** People would not read a longer list. */
const MOST_NAMED = 5;

/** Prints a task that has ended, and ends the command with the matching exit code. See `confirmEnd`. */
export function endTask(task: WholeTask, { json = false }: { readonly json?: boolean | undefined }): void {
  if (json) printJson(task);
  else printTask(task);
  confirmEnd(task);
}

/**
 * Throws `task-failed` if the task failed or was cancelled, and `task-expired` if it ended before all edges answered.
 */
export function confirmEnd({ id, kind, state, shares }: WholeTask): void {
  const of = (wanted: ShareStatus['state']) => shares.filter((share) => share.state === wanted);
  if (state === 'cancelled') throw new SkerryError('task-failed', `task ${id} was cancelled`);
  if (state === 'failed')
    throw new SkerryError('task-failed', `task ${id} failed: ${named(kind, of('failed'))}`);
  if (state === 'expired')
    throw new SkerryError('task-expired', `task ${id} has expired: ${named(kind, of('expired'))}`);
}

function named(kind: string, shares: readonly ShareStatus[]): string {
  const first = shares.slice(0, MOST_NAMED).map((share) => `${nameOf(share)} (${shareText(kind, share)})`);
  const others = shares.length - first.length;
  return `${first.join(', ')}${others > 0 ? ` and ${plural(others, 'other edge')}` : ''}`;
}
