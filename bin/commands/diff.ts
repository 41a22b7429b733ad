import type { Command } from 'commander';
import type { DiffLine } from '../../shared/wire/api.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { revision, siteName } from '../options/options.ts';
import { printJson, printLine } from '../terminal/output.ts';

const SIGNS = { added: '+', modified: '~', deleted: '-' } as const;

export function diffCommand(): Command {
  return readingCommand('diff', 'show what changed from one revision to another')
    .argument('<site>', 'the site', siteName)
    .argument('<from>', 'the earlier revision', revision)
    .argument('<to>', 'the later revision', revision)
    .action((site: string, from: number, to: number, options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const changes: DiffLine[] = [];
        for await (const line of client.diff(site, from, to)) changes.push(line);
        changes.sort((a, b) => (a.path < b.path ? -1 : 1));
        if (options.json) return printJson({ changes });
        for (const { change, path } of changes) printLine(`${SIGNS[change]} ${path}`);
      }),
    );
}
