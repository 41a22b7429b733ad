import { access, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { ADMIN_TOKEN_FILE } from '../../origin/admin-token.ts';
import { ApiClient } from '../../origin/client/api-client.ts';
import { systemClock } from '../../shared/clock.ts';
import type { Example } from '../example/example.ts';
import { DEFAULT_DATA } from '../options/client-command.ts';
import { allowShrinkOption, includeOption, option, port } from '../options/options.ts';
import { rememberDev } from '../options/site-address.ts';
import { type Role, startRole } from '../running/role-process.ts';
import { interruption } from '../terminal/interruption.ts';
import { printLine, printTable } from '../terminal/output.ts';
import { type WatchFlags, watchAndTell } from './watch.ts';

const EXAMPLE_SITE = fileURLToPath(new URL('../../infra/example-site', import.meta.url));
const ADMIN_PORT_OFFSET = 100;
/** Behind the admin ports of the edges. */
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
        'the port of the first edge; each admin port is 100 higher, and the status of the example site comes after them',
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

/** The folder that `skerry dev` publishes. For the example site, also the data that its page shows. */
type Shown = Pick<Example, 'folder'> & Partial<Example>;

async function exampleShown({ data, port, edgePort }: DevFlags): Promise<Example> {
  const { openExample } = await import('../example/example.ts');
  return openExample({
    ...{ source: EXAMPLE_SITE, data, originPort: port, clock: systemClock },
    port: edgePort + STATUS_PORT_OFFSET,
    edges: EDGES.map(({ name, region }, i) => ({ name, region, port: edgePort + i })),
  });
}

/** The origin stops last, so that no edge reports that it is gone. */
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
  const start = (name: string, kind: 'origin' | 'edge', { args, environment }: RoleStart) => {
    const role = startRole(name, kind, args, environment);
    roles.push(role);
    return role.ready;
  };
  await start('origin', 'origin', { args: ['--data', originData, '--port', String(port)] });
  const token = (await readFile(join(originData, ADMIN_TOKEN_FILE), 'utf8')).trim();
  const client = new ApiClient(url, token, signal);
  try {
    const edges = EDGES.map((edge, i) => ({ ...edge, port: edgePort + i, data: join(data, edge.name) }));
    await Promise.all(
      edges.map(async (edge) =>
        start(edge.name, 'edge', await edgeStart(client, edge, shown.originFor?.(edge.name) ?? url)),
      ),
    );
    await rememberDev(
      data,
      url,
      edges.map(({ port }) => port),
    );
    printAddresses(site, url, join(originData, ADMIN_TOKEN_FILE), edges, shown);
    const changed = shown.follow?.(client);
    const failed = Promise.race(roles.map((role) => role.failed));
    await Promise.race([watchAndTell(client, site, folder, { ...watching, changed }, signal), failed]);
  } finally {
    await client.close();
  }
}

interface RoleStart {
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

async function edgeStart(
  client: ApiClient,
  edge: { name: string; region: string; lat: string; lon: string; port: number; data: string },
  origin: string,
): Promise<RoleStart> {
  const ports = ['--port', String(edge.port), '--admin-port', String(edge.port + ADMIN_PORT_OFFSET)];
  const base = ['--data', edge.data, '--origin', origin, ...ports];
  if (await exists(join(edge.data, 'identity.json'))) return { args: base };
  const { token } = await client.createToken({ scope: 'join', edge: edge.name, expires: 600 });
  const { name, region, lat, lon } = edge;
  const args = [...base, '--name', name, '--region', region, '--lat', lat, '--lon', lon];
  return { args, environment: { SKERRY_JOIN: token } };
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

/** The folder's name as the name of a site. */
function siteOf(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return name.replace(/-+$/, '') || 'site';
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
