import type { Command } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import { ALIAS_PATTERN } from '../../shared/site/alias-pattern.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { option, revision, siteName } from '../options/options.ts';
import { printJson, printLine, printTable, timestamp } from '../terminal/output.ts';

interface AliasesFlags extends ClientOptions {
  readonly json?: boolean;
  readonly set?: string;
  readonly revision?: number;
  readonly days?: number;
  readonly remove?: string;
}

export function aliasesCommand(): Command {
  return readingCommand('aliases', 'list, set or remove the aliases of a site, at which edges show drafts')
    .argument('<site>', 'the site', siteName)
    .addOption(option('--set <alias>', 'point this alias at --revision').argParser(aliasName))
    .addOption(option('--revision <revision>', 'the revision for --set').argParser(revision))
    .addOption(daysOption())
    .addOption(option('--remove <alias>', 'remove this alias').argParser(aliasName))
    .action((site: string, { json, set, revision, days, remove, ...options }: AliasesFlags) =>
      withClient(options, async (client) => {
        const { aliasAddress } = await import('../options/site-address.ts');
        const { aliasesOf, deleteAlias, putAlias } = await import('../../origin/client/alias-calls.ts');
        if (set !== undefined && remove !== undefined)
          throw new SkerryError('bad-config', '--set and --remove exclude each other');
        if (remove !== undefined) {
          await deleteAlias(client, site, remove);
          if (json) printJson({ removed: remove });
          else printLine(`alias ${remove} of ${site} removed`);
          return;
        }
        if (set !== undefined) {
          if (revision === undefined) throw new SkerryError('bad-config', '--set needs --revision');
          const alias = await putAlias(client, site, set, { revision, ...lifeOf(days) });
          if (json) printJson(alias);
          else
            printLine(
              `alias ${set} of ${site} points to revision ${alias.revision}: ${aliasAddress(alias, options)}`,
            );
          return;
        }
        const aliases = await aliasesOf(client, site);
        if (json) return printJson({ aliases });
        printTable(
          ['alias', 'revision', 'expires (utc)', 'address'],
          aliases.map((alias) => [
            alias.name,
            alias.revision,
            timestamp(alias.expires),
            aliasAddress(alias, options),
          ]),
        );
      }),
    );
}

export function aliasName(text: string): string {
  if (!new RegExp(ALIAS_PATTERN).test(text))
    throw new SkerryError(
      'bad-config',
      `${JSON.stringify(text)} is not a name for an alias: 3 to 40 characters of a-z, 0-9 and single hyphens`,
    );
  return text;
}

export function daysOption() {
  return option('--days <days>', 'the days after which the alias expires (default: 30)').argParser(daysOf);
}

const SECONDS_PER_DAY = 86_400;
const MOST_DAYS = 366;

function daysOf(text: string): number {
  const days = Number(text);
  if (!(days > 0 && days <= MOST_DAYS))
    throw new SkerryError('bad-config', `--days is a number of days up to ${MOST_DAYS}, not ${text}`);
  return days;
}

/** The life of an alias in a request to the origin. The origin has a default. */
export function lifeOf(days: number | undefined): { readonly expires?: number } {
  return days === undefined ? {} : { expires: Math.max(60, Math.round(days * SECONDS_PER_DAY)) };
}
