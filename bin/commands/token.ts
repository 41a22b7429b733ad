import { Command } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import { checkRegion } from '../../shared/wire/region.ts';
import { type ClientOptions, clientCommand, readingCommand, withClient } from '../options/client-command.ts';
import { duration, edgeName, option, required, siteList } from '../options/options.ts';
import { joinCommandFor } from '../terminal/join-command.ts';
import { printJson, printLine, printTable, timestamp } from '../terminal/output.ts';

export function tokenCommand(): Command {
  return new Command('token')
    .description('create, list, rotate and revoke tokens')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand());
}

interface CreateOptions extends ClientOptions {
  readonly scope?: string;
  readonly expires?: number;
  readonly edge?: string;
  readonly sites?: string[];
  readonly command?: boolean;
  readonly region?: string;
}

function createCommand(): Command {
  return clientCommand('create', 'create a token and print it; it is not shown again')
    .addOption(
      option(
        '--scope <scope>',
        'admin, read, read:SITE, publish:SITE, publish:SITE/FOLDER/, publish:SITE@ALIAS, domains:HOST or join; separate several with commas',
      ),
    )
    .addOption(
      option('--expires <time>', 'when the token expires, such as 12h or 30d from now').argParser(duration),
    )
    .addOption(option('--edge <name>', 'let only an edge of this name use a join token').argParser(edgeName))
    .addOption(
      option('--sites <names>', 'the sites that the joining edge may read, separated by commas').argParser(
        siteList,
      ),
    )
    .addOption(
      option(
        '--command',
        'print the whole command that joins the edge on its host, instead of the join token; needs --edge and --region',
      ),
    )
    .addOption(option('--region <region>', 'the region of the edge, for --command'))
    .action((options: CreateOptions) => {
      const commandWith = options.command ? joinCommandOf(options) : undefined;
      return withClient(options, async (client) => {
        const { scope, expires, edge, sites } = options;
        const { token } = await client.createToken({
          scope: required(scope, '--scope'),
          ...(expires !== undefined && { expires }),
          ...(edge !== undefined && { edge }),
          ...(sites !== undefined && { mayRead: sites }),
        });
        printLine(commandWith?.(token) ?? token);
      });
    });
}

function joinCommandOf({ scope, origin, edge, region, ca, insecure }: CreateOptions) {
  if (scope !== 'join') throw new SkerryError('bad-config', '--command needs --scope join');
  const name = required(edge, '--edge');
  return joinCommandFor({ origin, name, region: checkRegion(required(region, '--region')), ca, insecure });
}

function listCommand(): Command {
  return readingCommand('list', 'list all tokens, without their secrets').action(
    (options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const tokens = await client.tokens();
        if (options.json) return printJson({ tokens });
        printTable(
          ['id', 'scope', 'edge', 'created (utc)', 'expires (utc)', 'used (utc)', 'state'],
          tokens.map(({ id, scope, edge, created, expires, used, state }) => [
            id,
            scope,
            edge ?? '',
            timestamp(created),
            expires === null ? 'never' : timestamp(expires),
            used === null ? 'never' : timestamp(used),
            state,
          ]),
        );
      }),
  );
}

function rotateCommand(): Command {
  return clientCommand(
    'rotate',
    'replace a token: print a new one with the same scope, and let the old one expire',
  )
    .argument('<id>', 'the id that `skerry token list` shows')
    .addOption(
      option('--overlap <time>', 'how long the old token stays valid, such as 1h (default: 24h)').argParser(
        duration,
      ),
    )
    .action((id: string, { overlap, ...options }: ClientOptions & { overlap?: number }) =>
      withClient(options, async (client) => {
        const { rotateToken } = await import('../../origin/client/token-calls.ts');
        const { token } = await rotateToken(client, id, overlap === undefined ? {} : { overlap });
        printLine(token);
      }),
    );
}

function revokeCommand(): Command {
  return clientCommand('revoke', 'revoke a token, so that nothing accepts it any more')
    .argument('<id>', 'the id that `skerry token list` shows')
    .action((id: string, options: ClientOptions) =>
      withClient(options, async (client) => {
        await client.revokeToken(id);
        printLine(`token ${id} is revoked`);
      }),
    );
}
