import type { WholeTask } from '../../origin/client/tasks-client.ts';
import type { ActionPlan, RequestedTarget, TaskStatus } from '../../shared/wire/task-api.ts';
import { jsonLine, plural, printLine, printTable, timestamp } from '../terminal/output.ts';
import { shareText } from './share-text.ts';
import { nameOf } from './task-progress.ts';

/** People would not read a longer list. */
const MOST_NAMED = 5;

export function printTasks(tasks: readonly TaskStatus[]): void {
  printTable(
    ['task', 'kind', 'state', 'for', 'created (utc)', 'ended (utc)', 'cause'],
    tasks.map(({ id, kind, state, target, created, ended, cause }) => [
      id,
      kind,
      state,
      targetText(target),
      timestamp(created),
      ended === null ? '' : timestamp(ended),
      cause,
    ]),
  );
}

export function printTask(task: WholeTask): void {
  const { id, kind, state, target, cause, args, created, deadline, ended } = task;
  printLine(`task ${id}: ${kind} for ${targetText(target)}, ${state}`);
  printLine(`cause: ${cause}`);
  printLine(`arguments: ${jsonLine(args)}`);
  const end = ended === null ? '' : `, ended ${timestamp(ended)}`;
  printLine(`created ${timestamp(created)}, deadline ${timestamp(deadline)}${end} (utc)`);
  printLine('');
  printTable(
    ['edge', 'state', 'attempts', 'result'],
    task.shares.map((share) => [nameOf(share), share.state, share.attempts, shareText(kind, share)]),
  );
}

export function printPlan({ actions, more }: ActionPlan): void {
  if (actions.length === 0) printLine('The origin would do nothing.');
  else
    printTable(
      ['when', 'kind', 'for', 'cause'],
      actions.map(({ when, request: { kind, target }, cause }) => [when, kind, targetText(target), cause]),
    );
  if (more > 0) printLine(`and ${plural(more, 'other action')}`);
}

function targetText(target: RequestedTarget): string {
  if ('edges' in target) {
    const { edges } = target;
    const others = edges.length - MOST_NAMED;
    const named = edges.slice(0, MOST_NAMED).join(' ');
    return others > 0 ? `${named} and ${plural(others, 'other edge')}` : named;
  }
  if ('region' in target) return `region ${target.region}`;
  if ('label' in target) return `label ${target.label}`;
  return 'all' in target ? 'all edges' : 'any edge';
}
