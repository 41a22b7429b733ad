import type { Command } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import { SkerryError } from '../../shared/errors.ts';
import { checkRegion } from '../../shared/wire/region.ts';
import { type ClientOptions, clientCommand, withClient } from '../options/client-command.ts';
import { edgeName, option } from '../options/options.ts';
import { joinCommandFor } from '../terminal/join-command.ts';
import { printLine } from '../terminal/output.ts';

interface ReplaceOptions extends ClientOptions {
  readonly command?: boolean;
  readonly region?: string;
}

export function edgeReplaceCommand(): Command {
  return clientCommand(
    'replace',
    'print a join token with which a new host takes the name and the place of an edge',
  )
    .argument('<name>', 'the name of the edge', edgeName)
    .addOption(
      option('--command', 'print the whole command that joins the new host, instead of the join token'),
    )
    .addOption(option('--region <region>', 'the region of the new host, for --command (default: as before)'))
    .action((name: string, options: ReplaceOptions) =>
      withClient(options, async (client) => {
        const commandWith = options.command ? await joinCommandOf(client, name, options) : undefined;
        const { token } = await client.replaceEdge(name);
        printLine(commandWith?.(token) ?? token);
      }),
    );
}

async function joinCommandOf(
  client: ApiClient,
  name: string,
  { origin, region, ca, insecure }: ReplaceOptions,
) {
  const edge = (await client.edges()).find((one) => one.name === name);
  if (edge === undefined) throw new SkerryError('no-such-edge', `there is no edge ${name}`);
  return joinCommandFor({ origin, name, region: checkRegion(region ?? edge.region), ca, insecure });
}
