import type { Command } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import { systemClock } from '../../shared/clock.ts';
import { type ClientOptions, clientCommand, withClient } from '../client-command.ts';
import { option, required, siteName } from '../options.ts';
import { plural, printError } from '../output.ts';
import { printCommit } from '../print-commit.ts';
import { explain } from '../report-error.ts';
import { ensureSite } from './publish.ts';

export function watchCommand(): Command {
  return clientCommand('watch', 'publish a folder now and whenever it changes')
    .argument('<dir>', 'the folder')
    .addOption(option('--site <name>', 'the site; created if it is missing').argParser(siteName))
    .action((folder: string, options: ClientOptions & { site?: string }) =>
      withClient(options, (client, signal) =>
        watchAndTell(client, required(options.site, '--site'), folder, signal),
      ),
    );
}

/** Watches until the signal aborts, telling what becomes live. */
export async function watchAndTell(
  client: ApiClient,
  site: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await ensureSite(client, site);
  const { watchFolder } = await import('../../origin/ingest/folder/watch-folder.ts');
  const { startSurveyThreads } = await import('../../shared/hashing/survey-threads.ts');
  const surveys = startSurveyThreads();
  try {
    await watchFolder(
      {
        client,
        surveys,
        site,
        commit: { message: 'watch' },
        progress: () => {},
        signal,
        clock: systemClock,
        published: (commit, changes) => printCommit(site, commit, plural(changes, 'file')),
        failed: (error) => printError(explain(error) ?? ''),
      },
      folder,
    );
  } finally {
    await surveys.close();
  }
}
