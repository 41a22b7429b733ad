import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { printJson } from '../terminal/output.ts';
import { printSites } from '../terminal/print-sites.ts';
import { sitesDeleteCommand } from './sites-delete.ts';
import { sitesSetCommand } from './sites-set.ts';

export function sitesCommand(): Command {
  return readingCommand('sites', 'list all sites')
    .enablePositionalOptions()
    .addCommand(sitesSetCommand())
    .addCommand(sitesDeleteCommand())
    .action((options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const sites = await client.sites();
        if (options.json) return printJson({ sites });
        printSites(sites);
      }),
    );
}
