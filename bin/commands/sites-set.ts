import { type Command, Option } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import { hasCode } from '../../shared/errors.ts';
import type { PolicyChange, SitePolicy } from '../../shared/site/site-policy.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { bytes, minutes, siteName, whole } from '../options/options.ts';
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
}

/** Its flags are not read from the environment or a file, which may mean those of other commands. */
export function sitesSetCommand(): Command {
  const flag = (flags: string, description: string) => new Option(flags, description);
  return readingCommand('set', 'change how a site is replicated; what is not given stays')
    .argument('<site>', 'its name; created if it is missing', siteName)
    .addOption(flag('--mode <mode>', 'when edges switch').choices(['async', 'sync', 'batch']))
    .addOption(flag('--all', 'a sync publish needs all edges').conflicts('quorum'))
    .addOption(flag('--quorum <n>', 'a sync publish needs so many edges').argParser(whole(1, 10_000)))
    .addOption(flag('--timeout <seconds>', 'a sync publish ends within').argParser(whole(1, 3600)))
    .addOption(flag('--on-failure <what>', 'what a sync publish then does').choices(['abort', 'degrade']))
    .addOption(
      flag('--without-lease <what>', 'what an edge does that has lost its origin').choices([
        'serve',
        'refuse',
      ]),
    )
    .addOption(flag('--window <cron>', 'when a batch window opens, in five fields'))
    .addOption(flag('--timezone <zone>', 'of the window, such as Europe/Oslo'))
    .addOption(flag('--minutes <n>', 'how long a window is').argParser(minutes))
    .addOption(flag('--rate <bytes>', 'bytes per second and edge in a window, or none').argParser(rate))
    .addOption(flag('--keep-revisions <n>', 'keep the newest').argParser(whole(1, 100_000)))
    .addOption(flag('--keep-days <n>', 'keep younger ones too').argParser(whole(0, 36_500)))
    .addOption(
      flag('--former-hours <n>', 'serve assets of older revisions for so long').argParser(whole(0, 8760)),
    )
    .addOption(
      flag('--former-path <pattern>', 'what are assets, such as /assets/*; repeat it for more').argParser(
        another,
      ),
    )
    .addOption(
      flag('--signing-key <key>', 'whose signed URLs are let in; two while one replaces the other').argParser(
        another,
      ),
    )
    .addOption(
      flag('--private-path <pattern>', 'what needs a signed URL; repeat it for more').argParser(another),
    )
    .addOption(flag('--public', 'nothing needs a signed URL').conflicts(['signingKey', 'privatePath']))
    .addOption(
      flag('--pin-path <pattern>', 'what lazy edges always hold; repeat it for more, or none').argParser(
        another,
      ),
    )
    .addOption(flag('--domain <host>', 'a domain of the site; repeat it for more').argParser(another))
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

/** A window is changed as a whole, so its other parts are taken from what is. */
export function policyChange(flags: PolicyFlags, current: SitePolicy): PolicyChange {
  const { quorum, all, timeout, onFailure, withoutLease, window: cron, timezone, minutes, rate } = flags;
  const window = given({ cron, timezone, minutes });
  const require = all ? ('all' as const) : quorum === undefined ? undefined : { quorum };
  return given({
    mode: flags.mode,
    sync: part({ require, timeout, onFailure, withoutLease }),
    batch: part({
      window: Object.keys(window).length === 0 ? undefined : { ...current.batch.window, ...window },
      rate,
    }),
    retention: part({ revisions: flags.keepRevisions, days: flags.keepDays }),
    private: flags.public ? null : privateChange(flags, current),
    pinned: flags.pinPath?.filter((path) => path !== 'none'),
    formerAssets: part({ hours: flags.formerHours, paths: flags.formerPath }),
  });
}

/** What is not given stays; everything is private unless paths are named. */
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

/** Without what is undefined. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

function part<T extends object>(values: T): Given<T> | undefined {
  const found = given(values);
  return Object.keys(found).length === 0 ? undefined : found;
}

function rate(text: string): number | null {
  return text === 'none' ? null : bytes(text);
}

function another(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
