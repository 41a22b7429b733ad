import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { taskNumber } from '../options/task-options.ts';
import { printJson, printLine } from '../terminal/output.ts';

export function taskChangeCommand(change: 'cancel' | 'retry', description: string): Command {
  return readingCommand(change, description)
    .argument('<task>', 'the number of the task', taskNumber)
    .action((id: number, options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const task = await client.tasks[change](id);
        if (options.json) return printJson(task);
        printLine(`task ${id} is ${task.state}`);
      }),
    );
}
