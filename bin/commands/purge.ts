import type { Command } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { Purge } from '../../shared/api.ts';
import { systemClock } from '../../shared/clock.ts';
import { type ClientOptions, readingCommand, withClient } from '../client-command.ts';
import { list, option, siteName } from '../options.ts';
import { printJson, printTable, timestamp } from '../output.ts';

interface PurgeFlags extends ClientOptions {
  readonly json?: boolean;
  readonly tag: readonly string[];
  readonly all?: boolean;
  readonly wait?: boolean;
}

const POLL_MS = 200;

export function purgeCommand(): Command {
  return readingCommand('purge', 'edges let go of what they keep of paths, beside the revision that is live')
    .argument('<site>', 'the site', siteName)
    .argument('[path...]', 'published paths, or patterns with a * in them')
    .addOption(
      option('--tag <tag>', 'of Cache-Tag or Surrogate-Key; may be repeated').argParser(list).default([]),
    )
    .addOption(option('--all', 'everything of the site'))
    .addOption(option('--wait', 'until every online edge has answered'))
    .action((site: string, paths: string[], { json, tag, all, wait, ...options }: PurgeFlags) =>
      withClient(options, async (client) => {
        const asked = await client.purge(site, { paths, tags: [...tag], all: all ?? false });
        const purge = wait ? await answered(client, site, asked) : asked;
        if (json) return printJson(purge);
        printTable(
          ['edge', 'done (utc)', 'matched'],
          purge.receipts.map(({ edge, since, matched }) => [edge, timestamp(since), String(matched)]),
        );
      }),
    );
}

async function answered(client: ApiClient, site: string, { seq }: Purge): Promise<Purge> {
  while (true) {
    const purge = await client.purgeAt(site, seq);
    const names = new Set(purge.receipts.map(({ edge }) => edge));
    const waiting = (await client.edges()).filter(
      (edge) => edge.online && !edge.revoked && !names.has(edge.name),
    );
    if (waiting.length === 0) return purge;
    await systemClock.sleep(POLL_MS);
  }
}
