import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { edgeName } from '../options/options.ts';
import { printJson, printLine } from '../terminal/output.ts';

const DONE = {
  pause: 'is paused',
  resume: 'replicates',
  revoke: 'is revoked',
} as const;

export function edgeChangeCommand(change: keyof typeof DONE, description: string): Command {
  return readingCommand(change, description)
    .argument('<name>', 'the name of the edge', edgeName)
    .action((name: string, options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const edge = await client.changeEdge(name, change);
        if (options.json) return printJson(edge);
        printLine(`edge ${name} ${DONE[change]}`);
      }),
    );
}
