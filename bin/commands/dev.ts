import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { ADMIN_TOKEN_FILE } from '../../origin/admin-token.ts';
import type { ApiClient } from '../../origin/client/api-client.ts';
import { systemClock } from '../../shared/clock.ts';
import { packageRoot } from '../../shared/package-root.ts';
import type { Example } from '../example/example.ts';
import { DEFAULT_DATA } from '../options/client-command.ts';
import { allowShrinkOption, includeOption, option, port } from '../options/options.ts';
import type { Role } from '../running/role-process.ts';
import { interruption } from '../terminal/interruption.ts';
import { printLine, printTable } from '../terminal/output.ts';
import { type WatchFlags, watchAndTell } from './watch.ts';

const EXAMPLE_SITE = fileURLToPath(new URL('infra/example-site', packageRoot));
const ADMIN_PORT_OFFSET = 100;
/** The port of the status server, relative to the main port. It is higher than the edges' admin ports. */
const STATUS_PORT_OFFSET = 103;

const EDGES = [
  { name: 'edge-1', region: 'eu-west', lat: '53.3', lon: '-6.3' },
  { name: 'edge-2', region: 'us-east', lat: '39.0', lon: '-77.5' },
  { name: 'edge-3', region: 'ap-south', lat: '19.1', lon: '72.9' },
] as const;

interface DevFlags extends WatchFlags {
  readonly data: string;
  readonly port: number;
  readonly edgePort: number;
}

export function devCommand(): Command {
  return new Command('dev')
    .description('run an origin and three edges on this machine, and publish a folder whenever it changes')
    .argument('[dir]', 'the folder to publish (default: an example site)')
    .addOption(option('--data <dir>', 'where the origin and the edges keep their data').default(DEFAULT_DATA))
    .addOption(option('--port <port>', "the origin's port").argParser(port).default(7400))
    .addOption(
      option(
        '--edge-port <port>',
        'the port of the first edge; each admin port is 100 higher, and the status of the example site uses the port after these',
      )
        .argParser(port)
        .default(7501),
    )
    .addOption(allowShrinkOption())
    .addOption(includeOption())
    .action(async (folder: string | undefined, flags: DevFlags) => {
      const { realFolder } = await import('../../origin/client/folder/scan.ts');
      if (folder !== undefined) await realFolder(folder);
      const stop = new AbortController();
      const signal = AbortSignal.any([interruption(), stop.signal]);
      const roles: Role[] = [];
      const shown: Shown = folder === undefined ? await exampleShown(flags) : { folder };
      try {
        await runDev(shown, flags, roles, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        stop.abort();
        await stopAll(roles);
        await shown.close?.();
      }
    });
}

/** The folder that `skerry dev` publishes and, for the example site, the data that its page shows. */
type Shown = Pick<Example, 'folder'> & Partial<Example>;

async function exampleShown({ data, port, edgePort }: DevFlags): Promise<Example> {
  const { openExample } = await import('../example/example.ts');
  return openExample({
    ...{ source: EXAMPLE_SITE, data, originPort: port, clock: systemClock },
    port: edgePort + STATUS_PORT_OFFSET,
    edges: EDGES.map(({ name, region }, i) => ({ name, region, port: edgePort + i })),
  });
}

/** Stops all processes, the origin last, so that no edge reports a lost origin. */
async function stopAll([origin, ...edges]: readonly Role[]): Promise<void> {
  await Promise.all(edges.map((role) => role.stop()));
  await origin?.stop();
}

async function runDev(
  shown: Shown,
  { data, port, edgePort, ...watching }: DevFlags,
  roles: Role[],
  signal: AbortSignal,
) {
  const { folder } = shown;
  const site = siteOf(folder);
  const url = `http://127.0.0.1:${port}`;
  const originData = join(data, 'origin');
  const tokenFile = join(originData, ADMIN_TOKEN_FILE);
  const { startRole } = await import('../running/role-process.ts');
  const { freePort } = await import('../../shared/http/listen.ts');
  const edges = EDGES.map((edge, i) => ({ ...edge, port: edgePort + i, data: join(data, edge.name) }));
  // Without this check, the origin and each edge would report a port in use separately.
  const ports = [port, ...edges.flatMap((edge) => [edge.port, edge.port + ADMIN_PORT_OFFSET])];
  for (const each of ports) await freePort({ host: '127.0.0.1', port: each });
  const start = (...role: Parameters<typeof startRole>) => {
    const started = startRole(...role);
    roles.push(started);
    return started;
  };
  const origin = start('origin', 'origin', ['--data', originData, '--port', String(port)]);
  const client = origin.ready.then(async () => {
    const { ApiClient } = await import('../../origin/client/api-client.ts');
    return new ApiClient(url, (await readFile(tokenFile, 'utf8')).trim(), signal);
  });
  client.catch(() => {});
  // The edges start together with the origin. On the first run, each edge waits for its join token after it has
  // prepared everything else. On later runs, an edge that is ready before the origin tries again to connect.
  const started = edges.map((edge) => {
    const joining = existsSync(join(edge.data, 'identity.json')) ? undefined : joinToken(client, edge.name);
    return start(
      edge.name,
      'edge',
      edgeArgs(edge, shown.originFor?.(edge.name) ?? url, joining !== undefined),
      joining,
    );
  });
  try {
    const told = Promise.all(started.map(({ ready }) => ready)).then(async () => {
      const ports = edges.map(({ port }) => port);
      await (await import('../options/site-address.ts')).rememberDev(data, url, ports);
      printAddresses(site, url, tokenFile, edges, shown);
    });
    told.catch(() => {});
    const failed = Promise.race(roles.map((role) => role.failed));
    // A process may end before the client is ready.
    const api = await Promise.race([client, failed]);
    const changed = shown.follow?.(api);
    await Promise.race([watchAndTell(api, site, folder, { ...watching, changed }, signal, told), failed]);
  } finally {
    // This is not awaited, because the origin may never become ready.
    client.then((api) => api.close()).catch(() => {});
  }
}

async function joinToken(client: Promise<ApiClient>, edge: string): Promise<string> {
  return (await (await client).createToken({ scope: 'join', edge, expires: 600 })).token;
}

interface DevEdge {
  readonly name: string;
  readonly region: string;
  readonly lat: string;
  readonly lon: string;
  readonly port: number;
  readonly data: string;
}

function edgeArgs({ name, region, lat, lon, port, data }: DevEdge, origin: string, isFirst: boolean) {
  const ports = ['--port', String(port), '--admin-port', String(port + ADMIN_PORT_OFFSET)];
  const base = ['--data', data, '--origin', origin, ...ports];
  return isFirst
    ? [...base, '--join', '-', '--name', name, '--region', region, '--lat', lat, '--lon', lon]
    : base;
}

function printAddresses(
  site: string,
  origin: string,
  tokenFile: string,
  edges: readonly { name: string; region: string; port: number }[],
  { folder, statusUrl }: Shown,
): void {
  printLine('');
  printTable(
    ['what', 'where'],
    [
      ['folder', folder],
      ['origin API', `${origin}  (openapi.json, healthz, metrics)`],
      ['admin token', tokenFile],
      ...edges.map(({ name, region, port }) => [`${name}, ${region}`, `http://${site}.localhost:${port}/`]),
      ...edges.map(({ name, port }) => [
        `${name}, admin`,
        `http://127.0.0.1:${port + ADMIN_PORT_OFFSET}/status`,
      ]),
      ...(statusUrl === undefined ? [] : [['example, status', statusUrl]]),
    ],
  );
  printLine('');
  printLine('Press Ctrl-C to stop everything.');
  printLine('');
}

/** Turns the name of the folder into the name of a site. */
function siteOf(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return name.replace(/-+$/, '') || 'site';
}
