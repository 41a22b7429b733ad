import { type Command, Option } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import { hasCode } from '../../shared/errors.ts';
import type { PolicyChange, SitePolicy } from '../../shared/site/site-policy.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { bytes, duration, minutes, siteName, whole } from '../options/options.ts';
import { type RolloutFlag, rolloutFlag } from '../options/rollout-option.ts';
import { printJson } from '../terminal/output.ts';
import { printSites } from '../terminal/print-sites.ts';

interface SetFlags extends ClientOptions, PolicyFlags {
  readonly json?: boolean;
  readonly domain?: string[];
}

export interface PolicyFlags {
  readonly mode?: SitePolicy['mode'];
  readonly quorum?: number;
  readonly all?: boolean;
  readonly timeout?: number;
  readonly onFailure?: SitePolicy['sync']['onFailure'];
  readonly withoutLease?: SitePolicy['sync']['withoutLease'];
  readonly window?: string;
  readonly timezone?: string;
  readonly minutes?: number;
  readonly rate?: number | null;
  readonly keepRevisions?: number;
  readonly keepDays?: number;
  readonly formerHours?: number;
  readonly formerPath?: string[];
  readonly signingKey?: string[];
  readonly privatePath?: string[];
  readonly public?: boolean;
  readonly pinPath?: string[];
  readonly maxBytes?: number | null;
  readonly maxFiles?: number | null;
  readonly maxFileBytes?: number | null;
  readonly s3Quiet?: number;
  readonly s3Hold?: number;
  readonly previewDomain?: string;
  readonly previewUnder?: string[];
  readonly privatePreviews?: boolean;
  readonly rollout?: RolloutFlag;
}

/**
 * These flags cannot be set by the environment or the configuration file, because values there may be meant for other
 * commands.
 */
export function sitesSetCommand(): Command {
  const flag = (flags: string, description: string) => new Option(flags, description);
  return readingCommand('set', 'change the settings of a site; settings without a flag stay as they are')
    .argument('<site>', 'the site; created if it does not exist', siteName)
    .addOption(flag('--mode <mode>', 'when edges switch').choices(['async', 'sync', 'batch']))
    .addOption(flag('--all', 'a sync publish needs all edges').conflicts('quorum'))
    .addOption(flag('--quorum <n>', 'a sync publish needs this many edges').argParser(whole(1, 10_000)))
    .addOption(flag('--timeout <seconds>', 'how long a sync publish may take').argParser(whole(1, 3600)))
    .addOption(
      flag('--on-failure <what>', 'what a sync publish does when it fails').choices(['abort', 'degrade']),
    )
    .addOption(
      flag('--without-lease <what>', 'what an edge does after it has lost its origin').choices([
        'serve',
        'refuse',
      ]),
    )
    .addOption(flag('--window <cron>', 'when a batch window opens, in five fields'))
    .addOption(flag('--timezone <zone>', 'the time zone of the window, such as Europe/Oslo'))
    .addOption(flag('--minutes <n>', 'the length of a window').argParser(minutes))
    .addOption(
      flag(
        '--rate <bytes>',
        'how many bytes per second each edge may fetch in a window; the word none removes the limit',
      ).argParser(rate),
    )
    .addOption(
      flag('--keep-revisions <n>', 'how many of the newest revisions to keep').argParser(whole(1, 100_000)),
    )
    .addOption(
      flag('--keep-days <n>', 'also keep revisions that are younger than this many days').argParser(
        whole(0, 36_500),
      ),
    )
    .addOption(
      flag('--former-hours <n>', 'how many hours to serve assets of older revisions').argParser(
        whole(0, 8760),
      ),
    )
    .addOption(
      flag('--former-path <pattern>', 'which paths are assets, such as /assets/*; may be repeated').argParser(
        another,
      ),
    )
    .addOption(
      flag(
        '--signing-key <key>',
        'a public key that verifies signed URLs; give two during a key rotation',
      ).argParser(another),
    )
    .addOption(
      flag('--private-path <pattern>', 'which paths need a signed URL; may be repeated').argParser(another),
    )
    .addOption(flag('--public', 'no path needs a signed URL').conflicts(['signingKey', 'privatePath']))
    .addOption(
      flag(
        '--pin-path <pattern>',
        'which paths lazy edges always hold; the word none removes all paths; may be repeated',
      ).argParser(another),
    )
    .addOption(
      flag('--preview-domain <host>', 'aliases answer at ALIAS.HOST; the word none removes the domain'),
    )
    .addOption(
      flag(
        '--preview-under <domain>',
        'a domain of the site at which aliases answer as ALIAS--DOMAIN; the word none removes all; may be repeated',
      ).argParser(another),
    )
    .addOption(flag('--private-previews', 'every path of an alias needs a signed URL'))
    .addOption(flag('--no-private-previews', 'aliases are as private as the site'))
    .addOption(
      flag('--max-bytes <n>', 'a quota for all files together; the word none removes it').argParser(quota),
    )
    .addOption(flag('--max-files <n>', 'a quota for the number of files, or none').argParser(quota))
    .addOption(flag('--max-file-bytes <n>', 'a quota for each file, or none').argParser(quota))
    .addOption(
      flag(
        '--rollout <policy>',
        'how deploys reach the edges: canary, regions, a JSON file with a policy, or none',
      ).argParser(rolloutFlag),
    )
    .addOption(
      flag(
        '--s3-quiet <time>',
        'make a revision of what S3 clients wrote after this much quiet, such as 2s',
      ).argParser(duration),
    )
    .addOption(
      flag('--s3-hold <time>', 'publish what S3 clients write after this much time at the latest').argParser(
        duration,
      ),
    )
    .addOption(flag('--domain <host>', 'a domain of the site; may be repeated').argParser(another))
    .action((site: string, flags: SetFlags) =>
      withClient(flags, async (client) => {
        const { domain: domains } = flags;
        const policy = policyChange(flags, await currentPolicy(client, site));
        const changed = await client.putSite(site, { policy, ...(domains !== undefined && { domains }) });
        if (flags.json) return printJson(changed);
        printSites([changed]);
      }),
    );
}

async function currentPolicy(client: ApiClient, site: string): Promise<SitePolicy> {
  try {
    return (await client.site(site)).policy;
  } catch (error) {
    if (!hasCode(error, 'no-such-site')) throw error;
    const { DEFAULT_POLICY } = await import('../../shared/site/site-policy.ts');
    return DEFAULT_POLICY;
  }
}

/** The API replaces a window as a whole, so the parts without a flag are taken from the current window. */
export function policyChange(flags: PolicyFlags, current: SitePolicy): PolicyChange {
  const { quorum, all, timeout, onFailure, withoutLease, window: cron, timezone, minutes, rate } = flags;
  const window = given({ cron, timezone, minutes });
  const require = all ? ('all' as const) : quorum === undefined ? undefined : { quorum };
  return given({
    mode: flags.mode,
    rollout: flags.rollout === 'none' ? null : flags.rollout,
    sync: part({ require, timeout, onFailure, withoutLease }),
    batch: part({
      window: Object.keys(window).length === 0 ? undefined : { ...current.batch.window, ...window },
      rate,
    }),
    retention: part({ revisions: flags.keepRevisions, days: flags.keepDays }),
    private: flags.public ? null : privateChange(flags, current),
    bucket: part({ quiet: flags.s3Quiet, hold: flags.s3Hold }),
    quota: part({ bytes: flags.maxBytes, files: flags.maxFiles, fileBytes: flags.maxFileBytes }),
    pinned: flags.pinPath?.filter((path) => path !== 'none'),
    previews: part({
      domain: flags.previewDomain === 'none' ? null : flags.previewDomain,
      under: flags.previewUnder?.filter((domain) => domain !== 'none'),
      private: flags.privatePreviews,
    }),
    formerAssets: part({ hours: flags.formerHours, paths: flags.formerPath }),
  });
}

/**
 * The change to the private content. Settings without a flag stay as they are. If no paths are set, everything is
 * private.
 */
function privateChange(
  { signingKey, privatePath }: PolicyFlags,
  current: SitePolicy,
): PolicyChange['private'] {
  if (signingKey === undefined && privatePath === undefined) return undefined;
  return {
    keys: signingKey ?? current.private?.keys ?? [],
    paths: privatePath ?? current.private?.paths ?? ['/*'],
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out undefined values. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

function part<T extends object>(values: T): Given<T> | undefined {
  const found = given(values);
  return Object.keys(found).length === 0 ? undefined : found;
}

const quotaNumber = whole(0, Number.MAX_SAFE_INTEGER);

function quota(text: string): number | null {
  return text === 'none' ? null : quotaNumber(text);
}

function rate(text: string): number | null {
  return text === 'none' ? null : bytes(text);
}

function another(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
