import { resolve } from 'node:path';
import { Command } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import type { Cidr } from '../../shared/http/ip-address.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';
import { checkRegion } from '../../shared/wire/region.ts';
import { DEFAULT_DATA } from '../options/client-command.ts';
import { namedToken } from '../options/named-token.ts';
import {
  bytes,
  count,
  degrees,
  edgeName,
  label,
  list,
  minutes,
  option,
  port,
  required,
  seconds,
  siteList,
  trustedProxyOption,
  whole,
} from '../options/options.ts';
import { announce, keepFilesPrivate } from '../running/own-process.ts';
import { aborted, interruption } from '../terminal/interruption.ts';
import { edgeChangeCommand } from './edge-change.ts';
import { edgeDrainCommand, edgeUndrainCommand } from './edge-drain.ts';
import { edgeLabelCommand } from './edge-label.ts';
import { edgeLimitCommand } from './edge-limit.ts';
import { edgeReplaceCommand } from './edge-replace.ts';

interface EdgeFlags {
  readonly data: string;
  readonly origin?: string;
  readonly join?: string;
  readonly name?: string;
  readonly region?: string;
  readonly lat?: number;
  readonly lon?: number;
  readonly label: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly adminName: readonly string[];
  readonly processes: number;
  readonly tlsPort?: number;
  readonly certs?: string;
  readonly accessLog?: string;
  readonly accessLogFormat: 'json' | 'combined';
  readonly maxConnections: number;
  readonly maxRequests?: number;
  readonly trustedProxy: readonly Cidr[];
  readonly proxyProtocol?: boolean;
  readonly feedPort?: number;
  readonly parent: readonly string[];
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly sites?: readonly string[];
  readonly prefix: readonly string[];
  readonly delay: number;
  readonly rate?: number;
  readonly schedule?: string;
  readonly timezone: string;
  readonly window: number;
  readonly storage: 'full' | 'lazy';
  readonly disk?: number;
}

export function edgeCommand(): Command {
  return (
    new Command('edge')
      .description('run an edge, which follows the origin and serves its sites')
      // A flag after a subcommand belongs to the subcommand, even if `edge` has a flag of the same name.
      .enablePositionalOptions()
      .addCommand(edgeChangeCommand('pause', 'stop an edge from fetching; it continues to serve'))
      .addCommand(edgeChangeCommand('resume', 'let a paused edge replicate again'))
      .addCommand(edgeDrainCommand())
      .addCommand(edgeUndrainCommand())
      .addCommand(edgeChangeCommand('revoke', 'remove an edge from the fleet; this cannot be undone'))
      .addCommand(edgeLimitCommand())
      .addCommand(edgeLabelCommand())
      .addCommand(edgeReplaceCommand())
      .addOption(option('--data <dir>', 'where the edge keeps its replica').default(DEFAULT_DATA))
      .addOption(option('--origin <url>', 'the origin to follow (first start, or when it has moved)'))
      .addOption(
        option('--join <token>', 'a one-time join token, @FILE or - for standard input (first start)'),
      )
      .addOption(option('--name <name>', 'the name of this edge (first start)').argParser(edgeName))
      .addOption(option('--region <region>', 'the region of the edge, in words of your choice (first start)'))
      .addOption(option('--lat <degrees>', 'latitude (first start)').argParser(degrees(90)))
      .addOption(option('--lon <degrees>', 'longitude (first start)').argParser(degrees(180)))
      .addOption(
        option('--label <word>', 'a label of this edge; may be repeated (first start)')
          .argParser((text: string, before: readonly string[]) => [...before, ...list(text).map(label)])
          .default([]),
      )
      .addOption(option('--host <host>', 'the address to serve on').default('127.0.0.1'))
      .addOption(option('--port <port>', 'the port to serve on').argParser(port).default(7500))
      .addOption(
        option(
          '--admin-host <host>',
          'the address of the admin port; beyond loopback, requests need the token in edge-admin-token of the data folder',
        ).default('127.0.0.1'),
      )
      .addOption(
        option('--admin-port <port>', 'the port for health, metrics and status')
          .argParser(port)
          .default(7599),
      )
      .addOption(
        option(
          '--admin-name <host>',
          'a host name that requests to the admin port may use without a token; may be repeated',
        )
          .argParser(list)
          .default([]),
      )
      .addOption(
        option('--processes <n>', 'how many serving processes to run; one for each core that should serve')
          .argParser(count)
          .default(1),
      )
      .addOption(option('--tls-port <port>', 'also serve HTTPS, on this port').argParser(port))
      .addOption(
        option(
          '--certs <dir>',
          "the folder of the certificates: NAME.crt and NAME.key, or certbot's file names; the edge notices changes",
        ),
      )
      .addOption(
        option(
          '--access-log <file>',
          'write a line for each request to this file; when the file is renamed, the edge begins a new one',
        ),
      )
      .addOption(
        option('--access-log-format <format>', 'the format of these lines')
          .choices(['json', 'combined'])
          .default('json'),
      )
      .addOption(
        option('--max-connections <n>', 'how many connections one client may have')
          .argParser(whole(1, 1_000_000))
          .default(1024),
      )
      .addOption(
        option(
          '--max-requests <n>',
          'how many requests one client may send in a second; further ones get 429',
        ).argParser(whole(1, 1_000_000)),
      )
      .addOption(trustedProxyOption())
      .addOption(
        option(
          '--proxy-protocol',
          'connections of trusted proxies to the serving ports begin with a header of the PROXY protocol, version 1 or 2',
        ),
      )
      .addOption(
        option('--feed-port <port>', 'let other edges follow this one, on this port').argParser(port),
      )
      .addOption(
        option(
          '--parent <url>',
          'the URL of the edge or origin to follow, such as https://NAME@HOST:PORT with the name of the edge; repeat it to add fallbacks',
        )
          .argParser(list)
          .default([]),
      )
      .addOption(
        option(
          '--ca <file>',
          'the CA certificate for the upstreams or their proxies, unless that CA is public or named by the join token',
        ),
      )
      .addOption(
        option(
          '--insecure',
          'replicate over plain HTTP beyond loopback, from upstreams and to children, if something else protects the connections',
        ),
      )
      .addOption(
        option('--sites <names>', 'replicate these sites only, separated by commas').argParser(siteList),
      )
      .addOption(
        option('--prefix <path>', 'hold only objects of paths that begin with this; may be repeated')
          .argParser(list)
          .default([]),
      )
      .addOption(
        option('--storage <kind>', 'hold all objects, or fetch each when a reader asks for it')
          .choices(['full', 'lazy'])
          .default('full'),
      )
      .addOption(
        option(
          '--disk <bytes>',
          'how many bytes of disk the objects may take with lazy storage (default: 10 GiB)',
        ).argParser(bytes),
      )
      .addOption(option('--delay <seconds>', 'stay this far behind the origin').argParser(seconds).default(0))
      .addOption(option('--rate <bytes>', 'fetch at most this many bytes per second').argParser(bytes))
      .addOption(option('--schedule <cron>', 'fetch only in windows that open at these times'))
      .addOption(option('--timezone <zone>', 'the time zone of the schedule').default('UTC'))
      .addOption(
        option('--window <minutes>', 'the length of a window of the schedule').argParser(minutes).default(60),
      )
      .action(async (flags: EdgeFlags) => {
        const signal = interruption();
        keepFilesPrivate();
        const { startEdge } = await import('../../edge/main.ts');
        const { createLogger } = await import('../../shared/process/logger.ts');
        const { NewestLines } = await import('../../shared/process/newest-lines.ts');
        const newestLines = new NewestLines();
        const { data, host, port, adminPort, processes, origin, feedPort, parent } = flags;
        const first = flags.join === undefined ? undefined : joinOptions(flags, flags.join);
        const edge = await startEdge(
          {
            data,
            host,
            port,
            adminHost: flags.adminHost,
            adminPort,
            adminNames: flags.adminName.map((name) => name.toLowerCase()),
            processes,
            parents: parent,
            ...(flags.ca !== undefined && { ca: await authoritiesIn(flags.ca) }),
            insecure: flags.insecure ?? false,
            limits: await limitsOf(flags),
            diskBytes: diskOf(flags),
            ...tlsOf(flags),
            ...(flags.accessLog !== undefined && {
              accessLog: { file: resolve(flags.accessLog), format: flags.accessLogFormat },
            }),
            clients: { connections: flags.maxConnections, requestsPerSecond: flags.maxRequests ?? null },
            proxies: proxiesOf(flags),
            ...(feedPort !== undefined && { feedPort }),
            ...(first && { join: first }),
            ...(origin !== undefined && { origin }),
          },
          createLogger(newestLines),
          newestLines,
        );
        const token = edge.adminTokenFile === undefined ? '' : ` with the token in ${edge.adminTokenFile}`;
        const stopping = new AbortController();
        announce(
          `skerry edge ${edge.name} serves on ${edge.url}, admin on ${edge.adminUrl}${token}`,
          AbortSignal.any([signal, stopping.signal]),
        );
        const reason = await Promise.race([aborted(signal), edge.revoked]);
        // This also ends the messages to systemd, which would keep the process alive.
        stopping.abort();
        await edge.close();
        if (reason !== undefined) throw reason;
      })
  );
}

async function authoritiesIn(file: string): Promise<string> {
  return (await import('../../shared/tls/ca-file.ts')).readAuthorities(file);
}

function tlsOf({ tlsPort, certs }: EdgeFlags) {
  if (tlsPort === undefined && certs === undefined) return {};
  return {
    tls: {
      port: required(tlsPort, '--tls-port, beside --certs,'),
      certs: required(certs, '--certs, beside --tls-port,'),
    },
  };
}

function proxiesOf({ trustedProxy: trusted, proxyProtocol: useProxyProtocol = false }: EdgeFlags) {
  if (useProxyProtocol && trusted.length === 0)
    throw new SkerryError(
      'bad-config',
      '--proxy-protocol needs --trusted-proxy, which says where the proxies are',
    );
  return { trusted, useProxyProtocol };
}

const DISK_BYTES = 10 * 1024 ** 3;

function diskOf({ storage, disk }: EdgeFlags): number {
  if (disk !== undefined && storage !== 'lazy')
    throw new SkerryError('bad-config', '--disk needs --storage lazy, because full storage holds everything');
  return disk ?? DISK_BYTES;
}

async function limitsOf(flags: EdgeFlags): Promise<EdgeLimits> {
  const { sites, prefix, delay, rate, schedule, timezone, window, storage } = flags;
  const windows = schedule === undefined ? null : { cron: schedule, timezone, minutes: window };
  if (windows !== null) {
    const { checkSchedule } = await import('../../shared/site/schedule.ts');
    checkSchedule(windows);
  }
  const wanted = {
    sites: sites === undefined ? null : [...sites].sort(),
    prefixes: prefix.length === 0 ? null : [...new Set(prefix)].sort(),
  };
  // Throws if the limits are longer than upstreams accept.
  (await import('../../shared/wire/wants.ts')).wantsText(wanted);
  return {
    ...wanted,
    delay,
    rate: rate ?? null,
    schedule: windows,
    storage,
  };
}

function joinOptions({ origin, name, region, lat, lon, label }: EdgeFlags, token: string) {
  return {
    origin: required(origin, '--origin'),
    token: () => namedToken(token),
    name: required(name, '--name'),
    region: checkRegion(required(region, '--region')),
    lat: lat ?? null,
    lon: lon ?? null,
    labels: [...new Set(label)],
  };
}
