import type { Command } from 'commander';
import type { Mode } from '../../shared/site/site-policy.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { modeOption, option, revision, siteName } from '../options/options.ts';
import { confirmCommit, printCommit } from '../publishing/print-commit.ts';
import { printJson } from '../terminal/output.ts';

export function rollbackCommand(): Command {
  return readingCommand('rollback', 'make old content live again, as a new revision')
    .argument('<site>', 'the site', siteName)
    .addOption(
      option(
        '--to <revision>',
        'the revision to return to (default: the content that was live before)',
      ).argParser(revision),
    )
    .addOption(modeOption())
    .action((site: string, { json, to, mode, ...options }: ClientOptions & RollbackFlags) =>
      withClient(options, async (client) => {
        const commit = await client.rollback(site, {
          ...(to !== undefined && { to }),
          ...(mode !== undefined && { mode }),
        });
        if (json) printJson(commit);
        else printCommit(site, commit);
        confirmCommit(commit);
      }),
    );
}

interface RollbackFlags {
  readonly json?: boolean;
  readonly to?: number;
  readonly mode?: Mode;
}
