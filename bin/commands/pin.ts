import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { siteRevision } from '../options/options.ts';
import { printJson, printLine } from '../terminal/output.ts';

export function pinCommand(): Command {
  return pinning('pin', 'keep a revision, whatever the retention of its site says', true);
}

export function unpinCommand(): Command {
  return pinning(
    'unpin',
    "remove the pin, so that the site's retention applies to the revision again",
    false,
  );
}

function pinning(name: string, description: string, pinned: boolean): Command {
  return readingCommand(name, description)
    .argument('<site@revision>', 'the revision, such as docs@12', siteRevision)
    .action((at: ReturnType<typeof siteRevision>, options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        await client.pin(at.site, at.revision, pinned);
        if (options.json) return printJson({ ...at, pinned });
        printLine(`site ${at.site}: revision ${at.revision} is ${pinned ? 'pinned' : 'no longer pinned'}`);
      }),
    );
}
