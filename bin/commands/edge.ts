import { Command } from 'commander';
import { DEFAULT_DATA } from '../client-command.ts';
import { aborted, interruption } from '../interruption.ts';
import { count, degrees, edgeName, option, port, required } from '../options.ts';
import { announce } from '../role-process.ts';

interface EdgeFlags {
  readonly data: string;
  readonly origin?: string;
  readonly join?: string;
  readonly name?: string;
  readonly region?: string;
  readonly lat?: number;
  readonly lon?: number;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly processes: number;
}

export function edgeCommand(): Command {
  return new Command('edge')
    .description('run an edge: follows the origin and serves its sites')
    .addOption(option('--data <dir>', 'where it keeps its replica').default(DEFAULT_DATA))
    .addOption(option('--origin <url>', 'the origin to follow (first start, or when it has moved)'))
    .addOption(option('--join <token>', 'a one-time join token (first start)'))
    .addOption(option('--name <name>', 'the name of this edge (first start)').argParser(edgeName))
    .addOption(option('--region <region>', 'where it is, in your words (first start)'))
    .addOption(option('--lat <degrees>', 'latitude (first start)').argParser(degrees(90)))
    .addOption(option('--lon <degrees>', 'longitude (first start)').argParser(degrees(180)))
    .addOption(option('--host <host>', 'the address to serve on').default('127.0.0.1'))
    .addOption(option('--port <port>', 'the port to serve on').argParser(port).default(7500))
    .addOption(
      option('--admin-port <port>', 'health, metrics and status, on loopback').argParser(port).default(7599),
    )
    .addOption(
      option('--processes <n>', 'serving processes; one a core that should serve')
        .argParser(count)
        .default(1),
    )
    .action(async (flags: EdgeFlags) => {
      const signal = interruption();
      const { startEdge } = await import('../../edge/main.ts');
      const { createLogger } = await import('../../shared/logger.ts');
      const { data, host, port, adminPort, processes, origin } = flags;
      const first = flags.join === undefined ? undefined : joinOptions(flags, flags.join);
      const edge = await startEdge(
        {
          data,
          host,
          port,
          adminPort,
          processes,
          ...(first && { join: first }),
          ...(origin !== undefined && { origin }),
        },
        createLogger(),
      );
      announce(`skerry edge ${edge.name} serves on ${edge.url}, admin on ${edge.adminUrl}`);
      await aborted(signal);
      await edge.close();
    });
}

function joinOptions({ origin, name, region, lat, lon }: EdgeFlags, token: string) {
  return {
    origin: required(origin, '--origin'),
    token,
    name: required(name, '--name'),
    region: required(region, '--region'),
    lat: lat ?? null,
    lon: lon ?? null,
  };
}
