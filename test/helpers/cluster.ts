import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../origin/client/api-client.ts';
import { cli } from './cli.ts';
import { freePorts } from './free-ports.ts';
import type { Ended, Running, RunOptions } from './processes.ts';
import { start } from './processes.ts';
import { until } from './until.ts';

/** A role whose data folder and ports outlive its processes. */
export interface Node {
  readonly name: string;
  readonly url: string;
  readonly data: string;
  readonly adminUrl: string;
  /** The feed of an edge that is a parent. */
  readonly feedUrl: string;
  /** Undefined while the role does not run. */
  running: Running | undefined;
  start(...more: readonly string[]): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface Cluster {
  readonly folder: string;
  readonly origin: Node;
  readonly edges: readonly Node[];
  readonly token: string;
  readonly client: ApiClient;
  /** Runs the CLI in this process against the origin, with the admin token. */
  skerry(...args: string[]): Promise<Ended>;
  /** Resolves when all running edges show the newest revision of the site. */
  converged(site: string, ms?: number): Promise<number>;
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly edges?: number;
  /** Serving processes of each edge. */
  readonly processes?: number;
  readonly folder?: string;
  /** The folder in which a new folder is made if `folder` is not given. */
  readonly within?: string;
  /** Further arguments of the edge with that index, computed at each start. `feeds` are the feeds of all edges. */
  readonly args?: (index: number, feeds: readonly string[], origin: string) => readonly string[];
  /** The origin speaks TLS, as it does beyond loopback. Its tokens lead to its certificate. */
  readonly secureOrigin?: boolean;
  /** How the origin's process is started. */
  readonly run?: RunOptions;
  /** Further arguments of the origin. */
  readonly originArgs?: readonly string[];
  /** The address at which edges reach the origin, if they do not reach it directly. */
  readonly originUrl?: (origin: string) => Promise<string>;
}

/** An origin and its edges as real processes on loopback, each with a data folder of its own. */
export async function startCluster({ edges: count = 3, processes = 1, ...options }: ClusterOptions = {}) {
  const folder = options.folder ?? (await mkdtemp(join(options.within ?? tmpdir(), 'skerry-')));
  const [originPort = 0, ...ports] = await freePorts(1 + 3 * count);
  const { secureOrigin = false, originArgs = [] } = options;
  const originArgsAt = (data: string) => [
    ...['origin', '--data', data, ...(secureOrigin ? ['--host', '0.0.0.0'] : []), ...originArgs],
  ];
  const origin = {
    ...node('origin', folder, originPort, 0, 0, originArgsAt, options.run),
    url: `${secureOrigin ? 'https' : 'http'}://127.0.0.1:${originPort}`,
  };
  await origin.start();
  const token = (await readFile(join(origin.data, 'admin-token'), 'utf8')).trim();
  const client = new ApiClient(origin.url, token, new AbortController().signal);

  const originUrl = (await options.originUrl?.(origin.url)) ?? origin.url;
  const feeds = Array.from({ length: count }, (_, i) => `http://127.0.0.1:${ports[3 * i + 2]}`);

  const edges = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const name = `edge-${i + 1}`;
      const join = (await client.createToken({ scope: 'join', edge: name })).token;
      const [port = 0, adminPort = 0, feedPort = 0] = ports.slice(3 * i);
      return node(name, folder, port, adminPort, feedPort, (data) => [
        'edge',
        ...['--data', data, '--origin', originUrl, '--join', join, '--name', name, '--region', `r${i}`],
        ...['--admin-port', String(adminPort), '--processes', String(processes)],
        ...(options.args?.(i, feeds, originUrl) ?? []),
      ]);
    }),
  );
  await Promise.all(edges.map((edge) => edge.start()));

  const cluster: Cluster = {
    folder,
    origin,
    edges,
    token,
    client,
    skerry: (...args) => cli(args, { SKERRY_ORIGIN: origin.url, SKERRY_TOKEN: token }),
    converged: (site, ms) =>
      until(
        `all edges to show the newest revision of ${site}`,
        async () => {
          const { revision } = await client.site(site);
          const names = edges.filter(({ running }) => running).map(({ name }) => name);
          const shown = (await client.edges()).filter(({ name }) => names.includes(name));
          return shown.every((edge) => edge.online && edge.sites[site]?.revision === revision) && revision;
        },
        ms,
      ),
    async close() {
      await client.close();
      await Promise.all(edges.map((edge) => edge.stop()));
      await origin.stop();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
  return cluster;
}

function node(
  name: string,
  folder: string,
  port: number,
  adminPort: number,
  feedPort: number,
  args: (data: string) => string[],
  run: RunOptions = {},
): Node {
  const data = join(folder, name);
  return {
    name,
    data,
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    feedUrl: `http://127.0.0.1:${feedPort}`,
    running: undefined,
    async start(...more) {
      const ready = /(listens|serves) on \S+/;
      this.running = await start([...args(data), '--port', String(port), ...more], ready, run);
    },
    async stop(signal) {
      const { running } = this;
      this.running = undefined;
      await running?.stop(signal);
    },
  };
}

/** A folder on a disk, for tests that kill processes while these write. Other tests may use memory instead. */
export const ON_DISK = '/var/tmp';
