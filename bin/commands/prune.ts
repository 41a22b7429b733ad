import type { Command } from 'commander';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { option } from '../options/options.ts';
import { humanBytes, plural, printJson, printLine, printTable } from '../terminal/output.ts';

export function pruneCommand(): Command {
  return readingCommand('prune', 'delete old revisions, objects that nothing refers to, and old log records')
    .addOption(option('--dry-run', 'only show what would be deleted'))
    .addOption(option('--log', 'write a checkpoint now, and delete all log records before it'))
    .action((options: ClientOptions & { json?: boolean; dryRun?: boolean; log?: boolean }) =>
      withClient(options, async (client) => {
        const { dryRun = false, log = false } = options;
        const plan = await client.prune({ dryRun, log });
        if (options.json) return printJson(plan);
        if (plan.sites.length > 0) {
          printTable(
            ['site', 'revisions', 'rows', 'unneeded objects', 'size'],
            plan.sites.map(({ site, deleted, revisions, rows, objects, bytes }) => [
              deleted ? `${site} (deleted)` : site,
              revisions.length,
              rows,
              objects,
              humanBytes(bytes),
            ]),
          );
        }
        const objects = `${plural(plan.objects, 'object')} (${humanBytes(plan.bytes)})`;
        const what = `${objects} and ${plural(plan.records, 'record')} of the log`;
        printLine(dryRun ? `${what} would be removed` : `${what} were removed`);
        const unneeded = plan.sites.reduce((sum, site) => sum + site.objects, 0);
        if (unneeded > plan.objects)
          printLine('Objects that were uploaded within the last hour stay for a later run.');
      }),
    );
}
