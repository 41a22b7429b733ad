import type { Command } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { Purge } from '../../shared/wire/api.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { list, option, siteName, waitTimeoutOption } from '../options/options.ts';
import { purged } from '../publishing/awaited-edges.ts';
import { type WaitOptions, waitForEdges, waiting } from '../publishing/wait-for-edges.ts';
import { printPurge } from '../receipts/print-purge.ts';

interface PurgeFlags extends ClientOptions {
  readonly json?: boolean;
  readonly tag: readonly string[];
  readonly all?: boolean;
  readonly wait?: boolean;
  readonly waitTimeout?: number;
}

export function purgeCommand(): Command {
  return readingCommand('purge', 'make edges drop their cached copies of paths and check the files on disk')
    .argument('<site>', 'the site', siteName)
    .argument('[path...]', 'published paths, or patterns with a * in them')
    .addOption(
      option('--tag <tag>', 'purge paths with this tag in Cache-Tag or Surrogate-Key; may be repeated')
        .argParser(list)
        .default([]),
    )
    .addOption(option('--all', 'purge the whole site'))
    .addOption(option('--wait', 'wait until every online edge has answered'))
    .addOption(waitTimeoutOption())
    .action((site: string, paths: string[], { json, tag, all, wait, waitTimeout, ...options }: PurgeFlags) =>
      withClient(options, async (client, signal) => {
        const asked = await client.purge(site, { paths, tags: [...tag], all: all ?? false });
        const purge = wait
          ? await answered(client, site, asked, {
              signal,
              ...waiting({ waitTimeout }),
            })
          : asked;
        printPurge(purge, json);
      }),
    );
}

/** Resolves with the purge when it has receipts from all online edges. Throws `unconfirmed` if some are missing. */
async function answered(
  client: ApiClient,
  site: string,
  { seq }: Purge,
  wait: Omit<WaitOptions, 'look'>,
): Promise<Purge> {
  let newest = await client.purgeAt(site, seq);
  await waitForEdges({
    ...wait,
    async look() {
      newest = await client.purgeAt(site, seq);
      return purged(await client.edges(), seq, new Set(newest.receipts.map(({ edge }) => edge)));
    },
  });
  return newest;
}
