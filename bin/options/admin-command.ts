import type { Command } from 'commander';
import type { ClientOptions } from './client-command.ts';
import { option } from './options.ts';

/** The address of an edge's admin port on this machine, with the default port. */
const LOCAL_ADMIN = 'http://127.0.0.1:7599';

export interface AdminOptions extends ClientOptions {
  /** Undefined when the command talks to the origin. */
  readonly admin?: string;
  readonly adminToken?: string;
}

/** The flags that name an admin port and its token. */
export interface AdminFlags {
  readonly admin: string;
  readonly adminToken?: string;
  readonly data: string;
  readonly insecure?: boolean;
}

/** Adds the flags that make a command talk to the admin port of one edge instead of the origin. */
export function withAdminOptions(command: Command): Command {
  return command
    .addOption(
      option(
        '--admin [url]',
        'ask the admin port of one edge instead of the origin; without a URL, an edge on this machine',
      ).preset(LOCAL_ADMIN),
    )
    .addOption(
      option(
        '--admin-token <token>',
        'the token of the admin port, @FILE or - for standard input (default: the one in --data, for an edge on this machine)',
      ),
    );
}

/** Whether the flags name an admin port. */
export function namesAdmin<T extends AdminOptions>(flags: T): flags is T & AdminFlags {
  return flags.admin !== undefined;
}
