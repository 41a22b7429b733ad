import { Command } from 'commander';
import { type ClientOptions, clientCommand, readingCommand, withClient } from '../options/client-command.ts';
import { duration, edgeName, option, required, siteList } from '../options/options.ts';
import { printJson, printLine, printTable, timestamp } from '../terminal/output.ts';

export function tokenCommand(): Command {
  return new Command('token')
    .description('create, list and revoke tokens')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

interface CreateOptions extends ClientOptions {
  readonly scope?: string;
  readonly expires?: number;
  readonly edge?: string;
  readonly sites?: string[];
}

function createCommand(): Command {
  return clientCommand('create', 'print a new token, alone; it is not shown again')
    .addOption(
      option(
        '--scope <scope>',
        'admin, read, join, publish:SITE or domains:HOST; several with commas between',
      ),
    )
    .addOption(
      option('--expires <time>', 'after how long it expires, such as 12h or 30d').argParser(duration),
    )
    .addOption(option('--edge <name>', 'bind a join token to this name').argParser(edgeName))
    .addOption(
      option(
        '--sites <names>',
        'limit who joins with it to reading these sites, separated by commas',
      ).argParser(siteList),
    )
    .action((options: CreateOptions) =>
      withClient(options, async (client) => {
        const { scope, expires, edge, sites } = options;
        const { token } = await client.createToken({
          scope: required(scope, '--scope'),
          ...(expires !== undefined && { expires }),
          ...(edge !== undefined && { edge }),
          ...(sites !== undefined && { mayRead: sites }),
        });
        printLine(token);
      }),
    );
}

function listCommand(): Command {
  return readingCommand('list', 'all tokens, without their secrets').action(
    (options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const tokens = await client.tokens();
        if (options.json) return printJson({ tokens });
        printTable(
          ['id', 'scope', 'edge', 'created (utc)', 'expires (utc)', 'state'],
          tokens.map(({ id, scope, edge, created, expires, state }) => [
            id,
            scope,
            edge ?? '',
            timestamp(created),
            expires === null ? 'never' : timestamp(expires),
            state,
          ]),
        );
      }),
  );
}

function revokeCommand(): Command {
  return clientCommand('revoke', 'make a token worthless')
    .argument('<id>', 'as `skerry token list` shows it')
    .action((id: string, options: ClientOptions) =>
      withClient(options, async (client) => {
        await client.revokeToken(id);
        printLine(`token ${id} is revoked`);
      }),
    );
}
