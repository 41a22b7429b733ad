import { type Command, Option } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { type ArgumentFlags, argumentOptions, argumentsOf } from '../options/task-arguments.ts';
import {
  deadlineOption,
  type TargetFlags,
  targetOf,
  taskKind,
  withTargetOptions,
} from '../options/task-options.ts';
import { printJson, printLine } from '../terminal/output.ts';

interface CreateFlags extends ClientOptions, ArgumentFlags, TargetFlags {
  readonly deadline: number;
  readonly wait?: boolean;
  readonly json?: boolean;
}

export function tasksCreateCommand(): Command {
  const command = readingCommand('create', 'give work to edges')
    .argument('<kind>', 'the kind of task, such as verify or warm', taskKind)
    .addOption(deadlineOption())
    .addOption(new Option('--wait', 'wait until the task has ended'));
  for (const option of argumentOptions()) command.addOption(option);
  return withTargetOptions(command).action((kind: string, flags: CreateFlags) => {
    const { deadline, wait, json } = flags;
    const request = { kind, args: argumentsOf(flags), target: targetOf(flags), deadline };
    return withClient(flags, async (client, signal) => {
      if (wait) {
        const { runTask } = await import('../tasks/run-task.ts');
        const { endTask } = await import('../tasks/task-end.ts');
        return endTask(await runTask(client, request, signal), { json });
      }
      const task = await client.tasks.create(request);
      if (json) return printJson(task);
      printLine(`task ${task.id} is created: see \`skerry tasks follow ${task.id}\``);
    });
  });
}
