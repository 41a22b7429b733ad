import type { Command } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { Published } from '../../origin/ingest/folder/publish-folder.ts';
import type { CommitRequest } from '../../shared/api.ts';
import { systemClock } from '../../shared/clock.ts';
import { hasCode } from '../../shared/errors.ts';
import type { Mode } from '../../shared/site-policy.ts';
import { showing } from '../awaited-edges.ts';
import { type ClientOptions, readingCommand, withClient } from '../client-command.ts';
import { modeOption, option, required, siteName, waitTimeoutOption } from '../options.ts';
import { humanBytes, humanSeconds, plural, printJson, printLine } from '../output.ts';
import { confirmCommit, printCommit } from '../print-commit.ts';
import { waitForEdges, waiting } from '../wait-for-edges.ts';

interface PublishFlags extends ClientOptions {
  readonly json?: boolean;
  readonly site?: string;
  readonly mode?: Mode;
  readonly message?: string;
  readonly now?: boolean;
  readonly wait?: boolean;
  readonly waitTimeout?: number;
}

export function publishCommand(): Command {
  return readingCommand('publish', 'publish a folder as a new revision of a site')
    .argument('<dir>', 'the folder')
    .addOption(option('--site <name>', 'the site; created if it is missing').argParser(siteName))
    .addOption(modeOption())
    .addOption(option('--message <text>', 'what to remember this revision by'))
    .addOption(option('--now', 'of a batch: open a window, for all that waits'))
    .addOption(option('--wait', 'end when every online edge shows it'))
    .addOption(waitTimeoutOption())
    .action((folder: string, flags: PublishFlags) =>
      withClient(flags, async (client, signal) => {
        const site = required(flags.site, '--site');
        const began = systemClock.monotonic();
        await ensureSite(client, site);
        const { publishFolder } = await import('../../origin/ingest/folder/publish-folder.ts');
        const { startSurveyThreads } = await import('../../shared/hashing/survey-threads.ts');
        const { progressBar } = await import('../progress.ts');
        const bar = progressBar();
        const surveys = startSurveyThreads();
        let published: Published;
        try {
          const commit = commitRequest(flags);
          published = await publishFolder(
            { client, surveys, site, commit, progress: bar.update, signal },
            folder,
          );
        } finally {
          bar.stop();
          await surveys.close();
        }
        const { commit } = published;
        if (!flags.json) printCommit(site, commit, whatItTook(published));
        if (flags.json) printJson(commit);
        confirmCommit(commit);
        if (flags.wait) {
          const look = async () => showing(await client.edges(), site, commit.revision);
          const edges = await waitForEdges({ look, signal, ...waiting(flags) });
          const seconds = humanSeconds((systemClock.monotonic() - began) / 1000);
          if (!flags.json) printLine(`visible on ${plural(edges.length, 'online edge')} after ${seconds}`);
        }
      }),
    );
}

/** Creates the site when it is missing, if the token may. */
export async function ensureSite(client: ApiClient, site: string): Promise<void> {
  try {
    await client.site(site);
  } catch (error) {
    if (!hasCode(error, 'no-such-site')) throw error;
    await client.putSite(site);
  }
}

function commitRequest({ mode, message, now }: PublishFlags): CommitRequest {
  return {
    ...(mode !== undefined && { mode }),
    ...(message !== undefined && { message }),
    ...(now && { now }),
  };
}

function whatItTook({ files, sentFiles, sentBytes }: Published): string {
  return `${plural(files, 'file')}, ${plural(sentFiles, 'object')} sent, ${humanBytes(sentBytes)}`;
}
