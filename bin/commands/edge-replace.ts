import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../options/client-command.ts';
import { edgeName } from '../options/options.ts';
import { printLine } from '../terminal/output.ts';

export function edgeReplaceCommand(): Command {
  return clientCommand(
    'replace',
    'print a join token with which a new host takes the name and the place of an edge',
  )
    .argument('<name>', 'the name of the edge', edgeName)
    .action((name: string, options: ClientOptions) =>
      withClient(options, async (client) => {
        const { token } = await client.replaceEdge(name);
        printLine(token);
      }),
    );
}
