import { type Command, Option } from 'commander';
import type { TaskListFilter } from '../../shared/wire/task-api.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { whole } from '../options/options.ts';
import { taskKind } from '../options/task-options.ts';
import { printError, printJson } from '../terminal/output.ts';
import { tasksPlanCommand } from './planned-tasks.ts';
import { taskChangeCommand } from './tasks-change.ts';
import { tasksCreateCommand } from './tasks-create.ts';
import { tasksFollowCommand, tasksShowCommand } from './tasks-show.ts';

export function tasksCommand(): Command {
  return listing(readingCommand('tasks', 'list the work that the origin has given to edges'))
    .enablePositionalOptions()
    .addCommand(listing(readingCommand('list', 'list the newest tasks')))
    .addCommand(tasksShowCommand())
    .addCommand(tasksCreateCommand())
    .addCommand(taskChangeCommand('cancel', 'stop all unfinished work of a task'))
    .addCommand(
      taskChangeCommand('retry', 'repeat the parts of a task that failed, expired or were cancelled'),
    )
    .addCommand(tasksFollowCommand())
    .addCommand(tasksPlanCommand());
}

interface ListFlags extends ClientOptions {
  readonly json?: boolean;
  readonly state?: NonNullable<TaskListFilter['state']>;
  readonly kind?: string;
  readonly limit: number;
}

/** `skerry tasks` is short for `skerry tasks list`. */
function listing(command: Command): Command {
  return command
    .addOption(
      new Option('--state <state>', 'only tasks in this state').choices([
        ...['open', 'done', 'failed', 'cancelled', 'expired'],
      ]),
    )
    .addOption(new Option('--kind <kind>', 'only tasks of this kind').argParser(taskKind))
    .addOption(new Option('--limit <n>', 'how many tasks to show').argParser(whole(1, 10_000)).default(50))
    .action(({ state, kind, limit, json, ...options }: ListFlags) =>
      withClient(options, async (client) => {
        const filter = { ...(state !== undefined && { state }), ...(kind !== undefined && { kind }) };
        const { tasks, hasMore } = await client.tasks.list(filter, limit);
        if (json) return printJson({ tasks });
        const { printTasks } = await import('../tasks/print-task.ts');
        printTasks(tasks);
        if (hasMore) printError('There are older tasks. --limit shows more.');
      }),
    );
}
