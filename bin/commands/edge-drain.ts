import type { Command } from 'commander';
import { systemClock } from '../../shared/clock.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { edgeName, option, seconds, whole } from '../options/options.ts';
import { printJson, printLine } from '../terminal/output.ts';

interface DrainFlags extends ClientOptions {
  readonly json?: boolean;
  readonly wait?: number;
  readonly atMost?: number;
  readonly patience: number;
}

/** The longest time for which `--at-most` waits by default while no other edge comes back. */
const PATIENCE_SECONDS = 600;

export function edgeDrainCommand(): Command {
  return readingCommand('drain', 'send the readers of an edge to other edges, until `skerry edge undrain`')
    .argument('<name>', 'the name of the edge', edgeName)
    .addOption(
      option(
        '--at-most <n>',
        'first wait for a turn, so that at most this many edges are drained at a time',
      ).argParser(whole(1, 1000)),
    )
    .addOption(
      option('--patience <seconds>', 'how long --at-most waits while the same edges stay drained')
        .argParser(seconds)
        .default(PATIENCE_SECONDS),
    )
    .addOption(
      option('--wait <seconds>', 'then wait until the readers have gone, at most this long').argParser(
        seconds,
      ),
    )
    .action((name: string, flags: DrainFlags) =>
      withClient(flags, async (client, signal) => {
        const { atMost, patience, wait } = flags;
        const { drainInTurn, untilQuiet } = await import('../../origin/client/drain.ts');
        const edge =
          atMost === undefined
            ? await client.changeEdge(name, 'drain')
            : await drainInTurn(client, name, { atMost, patienceMs: patience * 1000 }, systemClock, signal);
        if (wait !== undefined) await untilQuiet(client, name, wait * 1000, systemClock, signal);
        if (flags.json) return printJson(edge);
        printLine(`edge ${name} is drained: its readers go to other edges`);
      }),
    );
}

export function edgeUndrainCommand(): Command {
  return readingCommand('undrain', 'let a drained edge take readers again')
    .argument('<name>', 'the name of the edge', edgeName)
    .addOption(
      option(
        '--wait <seconds>',
        'first wait until the edge runs and has caught up; after this time, fail and leave it drained',
      ).argParser(seconds),
    )
    .action((name: string, flags: Pick<DrainFlags, 'json' | 'wait' | keyof ClientOptions>) =>
      withClient(flags, async (client, signal) => {
        const { wait } = flags;
        const { untilCaughtUp } = await import('../../origin/client/drain.ts');
        if (wait !== undefined) await untilCaughtUp(client, name, wait * 1000, systemClock, signal);
        const edge = await client.changeEdge(name, 'undrain');
        if (flags.json) return printJson(edge);
        printLine(`edge ${name} serves again`);
      }),
    );
}
