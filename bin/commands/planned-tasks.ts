import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { printJson } from '../terminal/output.ts';

export function tasksPlanCommand(): Command {
  return readingCommand(
    'plan',
    'show what the origin would do by itself now, and why, without doing it',
  ).action((options: ClientOptions & { readonly json?: boolean }) =>
    withClient(options, async (client) => {
      const plan = await client.tasks.plan();
      if (options.json) return printJson(plan);
      const { printPlan } = await import('../tasks/print-task.ts');
      printPlan(plan);
    }),
  );
}
