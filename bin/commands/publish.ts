import { type Command, Option } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { Published } from '../../origin/client/folder/publish-folder.ts';
import { allowsShrinking, refusesShrinking } from '../../origin/client/folder/shrink-plan.ts';
import { systemClock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Mode } from '../../shared/site/site-policy.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { CommitRequest } from '../../shared/wire/deploy-api.ts';
import { type ClientOptions, readingCommand, withClientUntil } from '../options/client-command.ts';
import {
  allowShrinkOption,
  includeOption,
  modeOption,
  option,
  required,
  siteName,
  waitTimeoutOption,
} from '../options/options.ts';
import { type RolloutFlag, rolloutOption } from '../options/rollout-option.ts';
import { type Awaited, showing, showingUnder, wouldShow } from '../publishing/awaited-edges.ts';
import { earlyReading } from '../publishing/early-reading.ts';
import { confirmCommit, printCommit } from '../publishing/print-commit.ts';
import { printPreview } from '../publishing/print-preview.ts';
import { waitForEdges, waiting } from '../publishing/wait-for-edges.ts';
import { checkGoal, countedEdges, ONLINE, type WaitGoal, waitGoal } from '../publishing/wait-goal.ts';
import { interruption } from '../terminal/interruption.ts';
import { humanBytes, humanSeconds, plural, printJson, printLine } from '../terminal/output.ts';
import { aliasName, daysOption, lifeOf } from './aliases.ts';

interface PublishFlags extends ClientOptions {
  readonly json?: boolean;
  readonly site?: string;
  readonly mode?: Mode;
  readonly message?: string;
  readonly now?: boolean;
  readonly draft?: boolean;
  readonly alias?: string;
  readonly days?: number;
  readonly rollout?: RolloutFlag | true;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly waitFor?: WaitGoal;
  readonly waitTimeout?: number;
  readonly allowShrink?: boolean;
  readonly include?: readonly string[];
}

export function publishCommand(): Command {
  return readingCommand('publish', 'publish a folder as a new revision of a site')
    .argument('<dir>', 'the folder')
    .addOption(option('--site <name>', 'the site; created if it does not exist').argParser(siteName))
    .addOption(modeOption())
    .addOption(option('--message <text>', 'a note that is kept with the revision'))
    .addOption(option('--draft', 'make a draft, which edges show only under an alias'))
    .addOption(
      option('--alias <name>', 'the alias of the draft; it moves if it exists (implies --draft)').argParser(
        aliasName,
      ),
    )
    .addOption(daysOption())
    .addOption(rolloutOption())
    .addOption(dryRunOption())
    .addOption(option('--now', 'open a batch window now, for all waiting revisions'))
    .addOption(option('--wait', 'wait until every online edge shows the revision'))
    .addOption(waitForOption())
    .addOption(waitTimeoutOption())
    .addOption(allowShrinkOption())
    .addOption(includeOption())
    .action(async (folder: string, flags: PublishFlags) => {
      const site = required(flags.site, '--site');
      const began = systemClock.monotonic();
      const commitAs = commitRequest(flags);
      const signal = interruption();
      const early = earlyReading(folder, flags.include ?? [], signal);
      const run = async (client: ApiClient) => {
        const goal = flags.waitFor ?? (flags.wait ? ONLINE : undefined);
        if (goal !== undefined) await refuseOutOfReach(client, site, goal);
        const { include, allowShrink, json } = flags;
        const shrinking = allowShrink ? allowsShrinking : refusesShrinking;
        const { progressBar } = await import('../terminal/progress.ts');
        const bar = progressBar();
        const { reading, hashThreads, close } = await early;
        const parts = {
          client,
          reading,
          hashThreads,
          site,
          include,
          shrinking,
          progress: bar.update,
          signal,
        };
        let published: Published;
        try {
          if (flags.dryRun) {
            const { previewFolder } = await import('../../origin/client/folder/preview-folder.ts');
            const { refuseShrinking } = await import('../../origin/client/folder/publish-folder.ts');
            const preview = await previewFolder(parts, folder);
            bar.stop();
            printPreview(site, preview, json);
            // The publish itself would be refused.
            return refuseShrinking({ site, shrinking }, preview.size);
          }
          const { patience } = await import('../../origin/client/folder/patience.ts');
          const { publishFolder } = await import('../../origin/client/folder/publish-folder.ts');
          const waits = (refusal: SkerryError, ms: number) => bar.say(whatItWaitsFor(refusal, ms));
          published = await publishFolder(
            { ...parts, commit: commitAs, patience: patience({ clock: systemClock, signal, waits }) },
            folder,
          );
        } finally {
          bar.stop();
          await close();
        }
        const { commit } = published;
        // The revision is live, so a later failure must not make the publish fail.
        const shown = await client.site(site).catch(() => undefined);
        const { aliasAddress, siteAddress, siteUrl } = await import('../options/site-address.ts');
        // The address for people says whether the port is a guess.
        const addressOf = flags.json ? siteUrl : siteAddress;
        const address = commit.alias ? aliasAddress(commit.alias, flags) : shown && addressOf(shown, flags);
        if (flags.json) printJson({ ...commit, leftOut: published.leftOut, address });
        else printCommit(site, commit, whatItTook(published));
        if (!flags.json && address !== undefined) printLine(`  ${address}`);
        confirmCommit(commit);
        if (goal !== undefined && commit.outcome === 'rollout') {
          const { waitForRollout } = await import('../publishing/follow-rollout.ts');
          await waitForRollout(client, site, commit, { json, signal });
        }
        if (goal !== undefined) {
          const edges = await waitForEdges({
            ...{ look: lookAt(client, goal, site, commit), goal, signal, ...waiting(flags) },
            ...(commit.alias !== undefined && { what: 'the draft is published' }),
          });
          const seconds = humanSeconds((systemClock.monotonic() - began) / 1000);
          if (!flags.json) printLine(`visible on ${plural(edges.length, 'online edge')} after ${seconds}`);
        }
      };
      try {
        await withClientUntil(signal, flags, run);
      } finally {
        await (await early).close();
      }
    });
}

/** Looks at which edges show what was committed. Edges show a draft under its alias alone. */
function lookAt(client: ApiClient, goal: WaitGoal, site: string, commit: Commit): () => Promise<Awaited> {
  const { alias } = commit;
  return async () => {
    const edges = countedEdges(goal, await client.edges());
    if (alias === undefined) return showing(edges, site, commit);
    const { aliasOf } = await import('../../origin/client/alias-calls.ts');
    return showingUnder(edges, commit, await aliasOf(client, site, alias.name));
  };
}

function waitForOption(): Option {
  return option(
    '--wait-for <edges>',
    'which edges --wait waits for: a number of them, all, offline ones included, or region:NAME',
  ).argParser(waitGoal);
}

/** Throws `bad-config` if the fleet cannot reach the goal. */
async function refuseOutOfReach(client: ApiClient, site: string, goal: WaitGoal): Promise<void> {
  if (goal.kind === 'online' || goal.kind === 'all') return;
  checkGoal(goal, wouldShow(countedEdges(goal, await client.edges()), site));
}

/** It has no variable, because it is meant for one call. */
function dryRunOption(): Option {
  return new Option('--dry-run', 'show what the publish would change and send, and change nothing');
}

function commitRequest({ mode, message, now, draft, alias, days, rollout }: PublishFlags): CommitRequest {
  const isDraft = draft || alias !== undefined;
  if (days !== undefined && !isDraft)
    throw new SkerryError('bad-config', '--days belongs to --draft or --alias');
  if (isDraft && mode !== undefined)
    throw new SkerryError('bad-config', 'a draft has no --mode, because it does not become live');
  if (isDraft && rollout !== undefined)
    throw new SkerryError('bad-config', 'a draft has no --rollout, because it does not become live');
  return {
    ...(rollout !== undefined && { rollout: rollout === true ? 'canary' : rollout }),
    ...(isDraft && { draft: true, ...lifeOf(days) }),
    ...(alias !== undefined && { alias }),
    ...(mode !== undefined && { mode }),
    ...(message !== undefined && { message }),
    ...(now && { now }),
  };
}

function whatItWaitsFor({ message }: SkerryError, ms: number): string {
  return `skerry: ${message}. The publish continues in ${humanSeconds(ms / 1000)}.`;
}

function whatItTook({ sentFiles, sentBytes, ...found }: Published): string {
  const sent = `${plural(sentFiles, 'object')} sent, ${humanBytes(sentBytes)}`;
  return `${plural(found.files, 'file')}, ${sent}${leftOut(found)}`;
}

export function filesPublished(found: { readonly files: number; readonly leftOut: number }): string {
  return `${plural(found.files, 'file')}${leftOut(found)}`;
}

function leftOut({ leftOut }: { readonly leftOut: number }): string {
  return leftOut === 0 ? '' : `; left out: ${leftOut}, see --include`;
}
