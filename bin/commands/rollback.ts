import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../client-command.ts';
import { option, revision, siteName } from '../options.ts';
import { printJson, printLine } from '../output.ts';

export function rollbackCommand(): Command {
  return readingCommand('rollback', 'make old content live again, as a new revision')
    .argument('<site>', 'the site', siteName)
    .addOption(
      option('--to <revision>', 'the revision to return to; else what was live before').argParser(revision),
    )
    .action((site: string, options: ClientOptions & { json?: boolean; to?: number }) =>
      withClient(options, async (client) => {
        const commit = await client.rollback(site, options.to);
        if (options.json) return printJson(commit);
        const what = commit.unchanged ? 'is live already' : 'is live at the origin';
        printLine(`site ${site}: revision ${commit.revision} ${what}`);
      }),
    );
}
