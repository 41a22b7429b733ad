import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { printJson } from '../terminal/output.ts';
import { printEdges } from '../terminal/print-edges.ts';

export function edgesCommand(): Command {
  return readingCommand('edges', 'list the edges, what each shows and how far it is behind').action(
    (options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const edges = await client.edges();
        if (options.json) return printJson({ edges });
        printEdges(edges);
      }),
  );
}
