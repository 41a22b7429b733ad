import { Command } from 'commander';
import { type ClientOptions, clientCommand, readingCommand, withClient } from '../options/client-command.ts';
import { namedToken } from '../options/named-token.ts';
import { list, option, required, siteName, webhookName } from '../options/options.ts';
import { printError, printJson, printLine, printTable, timestamp } from '../terminal/output.ts';

export function webhookCommand(): Command {
  return new Command('webhook')
    .description('send events to other programs over HTTP')
    .addCommand(setCommand())
    .addCommand(listCommand())
    .addCommand(deleteCommand());
}

interface SetOptions extends ClientOptions {
  readonly json?: boolean;
  readonly url?: string;
  readonly kind?: readonly string[];
  readonly site?: string;
  readonly secret?: string;
}

function setCommand(): Command {
  return readingCommand('set', 'create or replace a webhook; a new secret is printed, and not shown again')
    .argument('<name>', 'the name of the webhook', webhookName)
    .addOption(option('--url <url>', 'the https URL that receives the events'))
    .addOption(
      option('--kind <kinds>', 'only events of these kinds, separated by commas; may be repeated').argParser(
        list,
      ),
    )
    .addOption(option('--site <name>', 'only events of this site').argParser(siteName))
    .addOption(
      option(
        '--secret <secret>',
        'the key that signs the events, as @FILE or - for standard input (default: the current key of the webhook, or a new one)',
      ),
    )
    .action((name: string, { json, url, kind, site, secret, ...options }: SetOptions) =>
      withClient(options, async (client) => {
        const { setWebhook } = await import('../../origin/client/webhook-calls.ts');
        const changed = await setWebhook(client, name, {
          url: required(url, '--url'),
          ...(kind !== undefined && { kinds: [...kind] }),
          ...(site !== undefined && { site }),
          ...(secret !== undefined && { secret: await namedToken(secret) }),
        });
        if (json) printJson(changed);
        else if (changed.secret === undefined) printError(`webhook ${name} is set`);
        else printLine(changed.secret);
      }),
    );
}

function listCommand(): Command {
  return readingCommand('list', 'list all webhooks, and which of them fail').action(
    ({ json, ...options }: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const { webhooksOf } = await import('../../origin/client/webhook-calls.ts');
        const webhooks = await webhooksOf(client);
        if (json) return printJson({ webhooks });
        printTable(
          ['name', 'url', 'kinds', 'site', 'delivered', 'failing'],
          webhooks.map(({ name, url, kinds, site, delivered, failing }) => [
            ...[name, url, kinds?.join(',') ?? 'all', site ?? 'all'],
            delivered,
            failing === null
              ? ''
              : `since ${timestamp(failing.since)}, ${failing.attempts} attempts: ${failing.fault}`,
          ]),
        );
      }),
  );
}

function deleteCommand(): Command {
  return clientCommand('delete', 'delete a webhook')
    .argument('<name>', 'the name of the webhook', webhookName)
    .action((name: string, options: ClientOptions) =>
      withClient(options, async (client) => {
        const { deleteWebhook } = await import('../../origin/client/webhook-calls.ts');
        await deleteWebhook(client, name);
        printLine(`webhook ${name} is deleted`);
      }),
    );
}
