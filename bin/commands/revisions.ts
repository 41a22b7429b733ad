import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { siteName } from '../options/options.ts';
import { firstLine, humanBytes, printJson, printTable, timestamp } from '../terminal/output.ts';

export function revisionsCommand(): Command {
  return readingCommand('revisions', 'list the revisions of a site, newest first')
    .argument('<site>', 'the site', siteName)
    .action((site: string, options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const revisions = await client.revisions(site);
        if (options.json) return printJson({ revisions });
        printTable(
          ['revision', 'time (utc)', 'files', 'size', '', 'message'],
          revisions.map(({ revision, time, files, bytes, live, state, pinned, message }) => [
            revision,
            timestamp(time),
            files,
            humanBytes(bytes),
            [live ? 'live' : state === 'activated' ? '' : state, pinned ? 'pinned' : '']
              .filter(Boolean)
              .join(', '),
            firstLine(message),
          ]),
        );
      }),
    );
}
