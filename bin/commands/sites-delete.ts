import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../options/client-command.ts';
import { siteName } from '../options/options.ts';
import { printLine } from '../terminal/output.ts';

export function sitesDeleteCommand(): Command {
  return clientCommand('delete', 'delete a site with all its revisions; this cannot be undone')
    .argument('<site>', 'the site', siteName)
    .action((site: string, options: ClientOptions) =>
      withClient(options, async (client) => {
        await client.deleteSite(site);
        printLine(`site ${site} is deleted; edges stop serving it when the deletion reaches them`);
      }),
    );
}
