import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../client-command.ts';
import { humanBytes, printJson, printTable } from '../output.ts';

export function sitesCommand(): Command {
  return readingCommand('sites', 'all sites').action((options: ClientOptions & { json?: boolean }) =>
    withClient(options, async (client) => {
      const sites = await client.sites();
      if (options.json) return printJson({ sites });
      printTable(
        ['site', 'revision', 'files', 'size', 'domains'],
        sites.map(({ name, revision, files, bytes, domains }) => [
          name,
          revision,
          files,
          humanBytes(bytes),
          domains.join(' '),
        ]),
      );
    }),
  );
}
