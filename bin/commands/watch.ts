import type { Command } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import { allowsShrinking, holdsShrinking } from '../../origin/client/folder/shrink-plan.ts';
import type { PublishedChanges } from '../../origin/client/folder/watch-folder.ts';
import { systemClock } from '../../shared/clock.ts';
import type { Commit } from '../../shared/wire/api.ts';
import { type ClientOptions, clientCommand, withClient } from '../options/client-command.ts';
import { allowShrinkOption, includeOption, option, required, siteName } from '../options/options.ts';
import { printCommit } from '../publishing/print-commit.ts';
import { interruptibleHashing } from '../terminal/interruptible-hashing.ts';
import { plural, printError } from '../terminal/output.ts';
import { explain } from '../terminal/report-error.ts';
import { filesPublished } from './publish.ts';

export function watchCommand(): Command {
  return clientCommand('watch', 'publish a folder now and whenever it changes')
    .argument('<dir>', 'the folder')
    .addOption(option('--site <name>', 'the site; created if it does not exist').argParser(siteName))
    .addOption(allowShrinkOption())
    .addOption(includeOption())
    .action((folder: string, options: ClientOptions & WatchFlags & { site?: string }) =>
      withClient(options, (client, signal) =>
        watchAndTell(client, required(options.site, '--site'), folder, options, signal),
      ),
    );
}

export interface WatchFlags {
  readonly allowShrink?: boolean;
  readonly include?: readonly string[];
}

interface Watching extends WatchFlags {
  /** Called for each commit of changed files, which is also printed. */
  readonly changed?: ((commit: Commit) => void) | undefined;
}

/**
 * Watches until the signal aborts, and prints each revision that becomes live. Prints nothing until `told` resolves.
 */
export async function watchAndTell(
  client: ApiClient,
  site: string,
  folder: string,
  { allowShrink, include, changed }: Watching,
  signal: AbortSignal,
  told: Promise<void> = Promise.resolve(),
): Promise<void> {
  const tell = (say: () => void) => void told.then(say, () => {});
  const { watchFolder } = await import('../../origin/client/folder/watch-folder.ts');
  const hashThreads = await interruptibleHashing(signal);
  try {
    await watchFolder(
      {
        client,
        hashThreads,
        site,
        commit: { message: 'watch' },
        include,
        shrinking: allowShrink ? allowsShrinking : holdsShrinking,
        progress: () => {},
        signal,
        clock: systemClock,
        published: (commit, changes) => {
          tell(() => printCommit(site, commit, whatChanged(changes)));
          if (changes.kind === 'changes') changed?.(commit);
        },
        waiting: ({ code, message }) => tell(() => printError(`skerry: ${message}. ${WAITS[code] ?? ''}`)),
        failed: (error) => tell(() => printError(explain(error) ?? '')),
      },
      folder,
    );
  } finally {
    await hashThreads.close();
  }
}

const WAITS: Readonly<Record<string, string>> = {
  'would-shrink':
    'A build may be running, so nothing is published until the files are back. To publish the folder as it is, start again with --allow-shrink.',
  'not-a-folder': 'Nothing is published until the folder is back.',
};

function whatChanged(changes: PublishedChanges): string {
  if (changes.kind === 'whole') return filesPublished(changes);
  const { put, deleted } = changes;
  if (deleted === 0) return `${plural(put, 'file')} changed`;
  return put === 0
    ? `${plural(deleted, 'file')} removed`
    : `${plural(put, 'file')} changed, ${deleted} removed`;
}
