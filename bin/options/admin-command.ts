import type { Command } from 'commander';
import { DEFAULT_DATA } from './client-command.ts';
import { option } from './options.ts';

export interface AdminFlags {
  readonly admin: string;
  readonly adminToken?: string;
  readonly data: string;
  readonly insecure?: boolean;
}

/** The flags of a command that talks to an admin port. */
export function withAdminOptions(command: Command): Command {
  return command
    .addOption(option('--admin <url>', 'the admin port of the edge').default('http://127.0.0.1:7599'))
    .addOption(
      option(
        '--admin-token <token>',
        'the token of the admin port, @FILE or - for standard input (default: the one in the data folder of an edge on this machine)',
      ),
    )
    .addOption(option('--data <dir>', 'the data folder of an edge on this machine').default(DEFAULT_DATA))
    .addOption(
      option(
        '--insecure',
        'allow the token to be sent unencrypted to an edge on another machine, if something else protects the connection',
      ),
    );
}
