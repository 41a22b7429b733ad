import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { ADMIN_TOKEN_FILE } from '../../origin/admin-token.ts';
import type { ApiClient } from '../../origin/client/api-client.ts';
import { interruption } from '../terminal/interruption.ts';
import { Interrupted } from '../terminal/report-error.ts';
import { option } from './options.ts';

const DEFAULT_ORIGIN = 'http://127.0.0.1:7400';
export const DEFAULT_DATA = '.skerry';

export interface ClientOptions {
  readonly origin: string;
  readonly token?: string;
  readonly data: string;
  readonly insecure?: boolean;
  readonly ca?: string;
}

/** A command that talks to an origin, with the flags that all such commands have. */
export function clientCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(option('--origin <url>', 'the origin to talk to').default(DEFAULT_ORIGIN))
    .addOption(
      option('--token <token>', 'an API token (default: the one in the data folder of a local origin)'),
    )
    .addOption(option('--data <dir>', 'the data folder of a local origin').default(DEFAULT_DATA))
    .addOption(
      option(
        '--ca <file>',
        'the CA certificate for the origin or its proxy, unless that CA is public or named by the token',
      ),
    )
    .addOption(
      option(
        '--insecure',
        'allow the token to be sent unencrypted to an origin on another machine, if something else protects the connection',
      ),
    );
}

export function readingCommand(name: string, description: string): Command {
  return clientCommand(name, description).addOption(option('--json', 'print JSON'));
}

/** Calls `run` with a client, and closes the client at the end. Ctrl-C interrupts the run. */
export function withClient(
  options: ClientOptions,
  run: (client: ApiClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = interruption();
  return withClientUntil(signal, options, (client) => run(client, signal));
}

/** Like `withClient`, for a command that already listens for an interruption. */
export async function withClientUntil(
  signal: AbortSignal,
  options: ClientOptions,
  run: (client: ApiClient) => Promise<void>,
): Promise<void> {
  const { origin, token = localToken(options.data), insecure = false } = options;
  // This module loads most of the libraries. Help and errors of usage are printed without them.
  const { ApiClient } = await import('../../origin/client/api-client.ts');
  const ca = options.ca === undefined ? undefined : await authoritiesIn(options.ca);
  const client = new ApiClient(origin, token, signal, { insecure, ca });
  try {
    await run(client);
  } catch (error) {
    if (signal.aborted) throw new Interrupted();
    throw error;
  } finally {
    await client.close();
  }
}

async function authoritiesIn(file: string): Promise<string> {
  return (await import('../../shared/tls/ca-file.ts')).readAuthorities(file);
}

/** The admin token that an origin, including the one of `skerry dev`, has stored in its data folder. */
export function localToken(data: string): string | undefined {
  for (const folder of [data, join(data, 'origin')]) {
    try {
      return readFileSync(join(folder, ADMIN_TOKEN_FILE), 'utf8').trim();
    } catch {
      // There is no token file. If the origin requires a token, its response says so.
    }
  }
  return undefined;
}
