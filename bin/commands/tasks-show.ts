import type { Command } from 'commander';
import { systemClock } from '../../shared/clock.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { taskNumber } from '../options/task-options.ts';
import { printJson } from '../terminal/output.ts';

type ShowFlags = ClientOptions & { readonly json?: boolean };

export function tasksShowCommand(): Command {
  return readingCommand('show', 'show a task and the result of each edge')
    .argument('<task>', 'the number of the task', taskNumber)
    .action((id: number, options: ShowFlags) =>
      withClient(options, async (client) => {
        const task = await client.tasks.whole(id);
        if (options.json) return printJson(task);
        const { printTask } = await import('../tasks/print-task.ts');
        printTask(task);
      }),
    );
}

export function tasksFollowCommand(): Command {
  return readingCommand('follow', 'show the progress of a task until it ends')
    .argument('<task>', 'the number of the task', taskNumber)
    .action((id: number, options: ShowFlags) =>
      withClient(options, async (client, signal) => {
        const { followTask } = await import('../tasks/follow-task.ts');
        const { taskView } = await import('../tasks/task-view.ts');
        const { endTask } = await import('../tasks/task-end.ts');
        const view = taskView({ isQuiet: options.json === true });
        endTask(await followTask({ client, id, view, clock: systemClock, signal }), options);
      }),
    );
}
