import { Command } from 'commander';
import type { RolloutAct } from '../../shared/wire/rollout-api.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { option, siteName } from '../options/options.ts';
import { printRollout } from '../publishing/print-rollout.ts';
import { printJson } from '../terminal/output.ts';

interface RolloutFlags extends ClientOptions {
  readonly json?: boolean;
  readonly follow?: boolean;
}

const ACTS: readonly (readonly [RolloutAct, string])[] = [
  ['pause', 'keep the edges as they are'],
  ['resume', 'go on with a paused rollout'],
  ['finish', 'make the revision live everywhere now'],
  ['abort', 'take the revision back'],
];

export function rolloutCommand(): Command {
  const command = new Command('rollout').description(
    'watch a revision reach the edges in steps, or change how it goes on',
  );
  command.addCommand(
    readingCommand('status', 'show the newest rollout of a site, and what readers met')
      .argument('<site>', 'the site', siteName)
      .addOption(option('--follow', 'print each change until the rollout has ended'))
      .action((site: string, { json, follow, ...options }: RolloutFlags) =>
        withClient(options, async (client, signal) => {
          const { rolloutOf } = await import('../../origin/client/rollout-calls.ts');
          const print = json ? printJson : printRollout;
          if (!follow) return print(await rolloutOf(client, site));
          const { followRollout } = await import('../publishing/follow-rollout.ts');
          await followRollout({ look: () => rolloutOf(client, site), changed: print, signal });
        }),
      ),
  );
  for (const [act, description] of ACTS)
    command.addCommand(
      readingCommand(act, description)
        .argument('<site>', 'the site', siteName)
        .action((site: string, { json, ...options }: RolloutFlags) =>
          withClient(options, async (client) => {
            const { changeRollout } = await import('../../origin/client/rollout-calls.ts');
            const rollout = await changeRollout(client, site, act);
            if (json) printJson(rollout);
            else printRollout(rollout);
          }),
        ),
    );
  return command;
}
