import { type Command, Option } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { Published } from '../../origin/ingest/folder/publish-folder.ts';
import { systemClock } from '../../shared/clock.ts';
import { hasCode } from '../../shared/errors.ts';
import { type ClientOptions, readingCommand, withClient } from '../client-command.ts';
import { option, required, siteName } from '../options.ts';
import { humanBytes, humanSeconds, plural, printJson, printLine } from '../output.ts';

const POLL_MS = 100;

interface PublishFlags extends ClientOptions {
  readonly json?: boolean;
  readonly site?: string;
  readonly mode: 'async';
  readonly message?: string;
  readonly wait?: boolean;
}

export function publishCommand(): Command {
  return readingCommand('publish', 'publish a folder as a new revision of a site')
    .argument('<dir>', 'the folder')
    .addOption(option('--site <name>', 'the site; created if it is missing').argParser(siteName))
    .addOption(new Option('--mode <mode>', 'when edges switch').choices(['async']).default('async'))
    .addOption(option('--message <text>', 'what to remember this revision by'))
    .addOption(option('--wait', 'end when every online edge shows it'))
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
          const commit = { mode: flags.mode, ...(flags.message !== undefined && { message: flags.message }) };
          published = await publishFolder(
            { client, surveys, site, commit, progress: bar.update, signal },
            folder,
          );
        } finally {
          bar.stop();
          await surveys.close();
        }
        const { commit } = published;
        if (!flags.json) printLine(summary(site, published));
        if (flags.wait) {
          const edges = await visibleEverywhere(client, site, commit.revision, signal);
          const seconds = humanSeconds((systemClock.monotonic() - began) / 1000);
          if (!flags.json) printLine(`visible on ${plural(edges, 'online edge')} after ${seconds}`);
        }
        if (flags.json) printJson(commit);
      }),
    );
}

/** Creates the site when it is missing, if the token may. */
export async function ensureSite(client: ApiClient, site: string): Promise<void> {
  try {
    await client.site(site);
  } catch (error) {
    if (!hasCode(error, 'no-such-site')) throw error;
    await client.createSite(site);
  }
}

function summary(site: string, { commit, files, sentFiles, sentBytes }: Published): string {
  if (commit.unchanged) return `site ${site}: nothing changed, revision ${commit.revision} is live`;
  const sent = `${plural(sentFiles, 'object')} sent, ${humanBytes(sentBytes)}`;
  return `site ${site}: revision ${commit.revision} is live at the origin (${plural(files, 'file')}, ${sent})`;
}

/** Resolves with the number of online edges once all of them show the revision or a later one. */
async function visibleEverywhere(
  client: ApiClient,
  site: string,
  revision: number,
  signal: AbortSignal,
): Promise<number> {
  while (true) {
    const online = (await client.edges()).filter((edge) => edge.online);
    if (online.every((edge) => (edge.sites[site]?.revision ?? 0) >= revision)) return online.length;
    await systemClock.sleep(POLL_MS, signal);
  }
}
