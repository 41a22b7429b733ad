/**
 * `npm run bench:start [-- --rounds 10]`: measures how long commands take to answer, and how much memory an idle origin
 * and an idle edge hold. It runs whole processes, from the package as it would be published and from a fresh clone of
 * what is committed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePorts } from '../test/helpers/free-ports.ts';
import { read } from '../test/helpers/http.ts';
import { until } from '../test/helpers/until.ts';
import { megabytes, seconds } from './figures.ts';
import { freshClone, type Installed, installPackage, nodeOfItsOwn } from './installed-package.ts';
import { proportionalBytes } from './process-memory.ts';
import { type Scratch, withScratch } from './scratch.ts';
import { median, printTable } from './table.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
const ROUNDS = Number(values.rounds);
/** An idle thread ends after a minute. */
const IDLE_MS = 75_000;
const ADMIN_OFFSET = 100;
const OLDER_NODE = '/usr/bin/node';

interface Row {
  readonly what: string;
  readonly figures: readonly number[];
  readonly budget?: number;
  readonly shown: (figure: number) => string;
}

const rows: Row[] = [];

function note(row: Row): void {
  rows.push(row);
  process.stderr.write(`${row.what}: ${row.shown(median(row.figures))}\n`);
}

await withScratch(async (scratch) => {
  process.stderr.write('packing and installing …\n');
  const installed = await installPackage(join(scratch.folder, 'installed'));
  const env = await asUser(scratch.folder);
  await timeCommands(scratch, installed, env);
  await weighRoles(scratch, installed, env);
  process.stderr.write('cloning and installing …\n');
  const clone = join(scratch.folder, 'clone');
  await freshClone(clone);
  await timeStarts(clone, env);
});

process.stdout.write(
  `${availableParallelism()} cores, load ${loadavg().map((load) => load.toFixed(1))}, ${ROUNDS} rounds\n\n`,
);
printTable(
  ['what', 'median', 'best', 'worst', 'budget', 'held'],
  rows.map(({ what, figures, budget, shown }) => [
    what,
    ...[median(figures), Math.min(...figures), Math.max(...figures)].map(shown),
    budget === undefined ? '' : shown(budget),
    budget === undefined ? '' : median(figures) <= budget ? 'yes' : 'NO',
  ]),
);

/** The environment of a user who has never run Skerry. */
async function asUser(folder: string): Promise<NodeJS.ProcessEnv> {
  const home = join(folder, 'home');
  await mkdir(home);
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(SKERRY_|NODE_|npm_|XDG_)/.test(name) && name !== 'HOME',
  );
  // Leaves out the folders that npm prepends to PATH for its scripts.
  const path = process.env.PATH?.split(delimiter).filter((place) => !place.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path?.join(delimiter), HOME: home };
}

/** Measures with a Node of the right version on PATH, then with an older one. */
async function timeCommands(scratch: Scratch, { command, node }: Installed, env: NodeJS.ProcessEnv) {
  const role = await startOrigin(scratch, command, node, env);
  const asked = { SKERRY_ORIGIN: role.url, SKERRY_TOKEN: role.token };
  const older = olderNode();
  for (const [front, at] of [
    ['Node 26', node],
    ['an older Node in front', older],
  ] as const) {
    if (at === undefined) continue;
    const inFront = { ...env, ...asked, PATH: `${dirname(at)}${delimiter}${env.PATH}` };
    const more = at === older ? 150 : 0;
    const bare = { what: `node -e 0, ${front}`, program: at, args: ['-e', '0'] };
    const commands = [
      { ...bare, budget: undefined },
      { what: `skerry --version, ${front}`, program: command, args: ['--version'], budget: 150 + more },
      {
        what: `skerry help publish, ${front}`,
        program: command,
        args: ['help', 'publish'],
        budget: 150 + more,
      },
      { what: `skerry status, ${front}`, program: command, args: ['status'], budget: 250 + more },
    ];
    // The commands run in turns, so that other work on the machine affects all of them.
    const took = commands.map((): number[] => []);
    for (let round = 0; round <= ROUNDS; round++)
      for (const [i, { program, args }] of commands.entries())
        took[i]?.push(await timed(program, args, inFront));
    for (const [i, { what, budget }] of commands.entries()) {
      const [first = 0, ...later] = took[i] ?? [];
      if (at === node && i === 1)
        note({ what: `${what}, the first ever`, figures: [first], shown: exactSeconds });
      note({ what, figures: later, ...(budget !== undefined && { budget }), shown: exactSeconds });
    }
  }
  await role.stop();
}

function exactSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}

function olderNode(): string | undefined {
  if (!existsSync(OLDER_NODE)) return undefined;
  const version = execFileSync(OLDER_NODE, ['--version'], { encoding: 'utf8' });
  return Number(/^v(\d+)/.exec(version)?.[1]) < 26 ? OLDER_NODE : undefined;
}

async function timed(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const began = performance.now();
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  return performance.now() - began;
}

async function startOrigin(scratch: Scratch, command: string, node: string, env: NodeJS.ProcessEnv) {
  const data = await mkdtemp(join(scratch.folder, 'origin-'));
  const [port = 0] = await freePorts(1);
  const role = await startRole(scratch, command, node, env, [
    'origin',
    '--data',
    data,
    '--port',
    String(port),
  ]);
  const token = (await readFile(join(data, 'admin-token'), 'utf8')).trim();
  return { ...role, url: `http://127.0.0.1:${port}`, token };
}

/** Starts an origin or an edge. Resolves when the process says that it listens. */
async function startRole(
  scratch: Scratch,
  command: string,
  node: string,
  env: NodeJS.ProcessEnv,
  args: readonly string[],
) {
  // The launcher keeps its process id, because it replaces itself by exec on the right Node.
  const child = spawn(node, [command, ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill();
    await ended;
  };
  scratch.defer(stop);
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error(`skerry ${args[0]} ended`))),
  ]);
  return { pid: child.pid ?? 0, stop };
}

/**
 * Measures an origin, an edge and a Node that runs nothing, each on a copy of Node that no other process uses. One file
 * of the site was read.
 */
async function weighRoles(scratch: Scratch, { command, node }: Installed, env: NodeJS.ProcessEnv) {
  const own = (name: string) => nodeOfItsOwn(node, join(scratch.folder, `node-${name}`));
  const origin = await startOrigin(scratch, command, await own('origin'), env);
  const asked = { ...env, SKERRY_ORIGIN: origin.url, SKERRY_TOKEN: origin.token };
  const skerry = (...args: string[]) =>
    execFileSync(node, [command, ...args], { env: asked, encoding: 'utf8' }).trim();
  const token = skerry('token', 'create', '--scope', 'join');
  const [port = 0, adminPort = 0] = await freePorts(2);
  const place = [
    '--data',
    join(scratch.folder, 'edge'),
    '--port',
    String(port),
    '--admin-port',
    String(adminPort),
  ];
  const first = ['--origin', origin.url, '--join', token, '--name', 'edge-1', '--region', 'here'];
  const edge = await startRole(scratch, command, await own('edge'), env, ['edge', ...place, ...first]);
  const site = join(scratch.folder, 'site');
  await mkdir(site);
  for (let i = 0; i < 20; i++) await writeFile(join(site, `${i}.html`), `page ${i}`.repeat(1000));
  skerry('publish', site, '--site', 'bench', '--wait');
  await read(`http://127.0.0.1:${port}`, 'bench', '1.html');
  const bare = spawn(await own('bare'), ['-e', 'setInterval(() => {}, 1e6)'], { env, stdio: 'ignore' });
  scratch.defer(() => bare.kill());
  await sleep(IDLE_MS);
  const held = { bare: [] as number[], origin: [] as number[], edge: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    held.bare.push(await proportionalBytes(bare.pid ?? 0));
    held.origin.push(await proportionalBytes(origin.pid));
    held.edge.push(await proportionalBytes(edge.pid));
    await sleep(500);
  }
  // The kernel decides how much of Node's file it maps.
  note({ what: 'a bare Node, idle (PSS)', figures: held.bare, shown: megabytes });
  note({ what: 'origin, idle (PSS)', figures: held.origin, budget: 130e6, shown: megabytes });
  note({
    what: 'edge, idle, one serving process (PSS)',
    figures: held.edge,
    budget: 160e6,
    shown: megabytes,
  });
  await edge.stop();
  await origin.stop();
}

/** Measures `npm start` as a new user runs it, from the key press to the third edge's first 200. */
async function timeStarts(clone: string, env: NodeJS.ProcessEnv) {
  const first: number[] = [];
  const later: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // npm may end before the processes that it started, which still write for a moment.
    for (const left of ['.skerry', 'node_modules/.cache'])
      await rm(join(clone, left), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    first.push(await timeStart(clone, env));
    later.push(await timeStart(clone, env));
  }
  note({ what: 'npm start, three edges, the very first', figures: first, budget: 7000, shown: seconds });
  note({ what: 'npm start, three edges, later', figures: later, budget: 4000, shown: seconds });
}

async function timeStart(clone: string, env: NodeJS.ProcessEnv): Promise<number> {
  const [port = 0, edgePort = 0] = await freePorts(1 + ADMIN_OFFSET + 3);
  const began = performance.now();
  const ports = ['--port', String(port), '--edge-port', String(edgePort)];
  const child = spawn('npm', ['start', '--', ...ports], { cwd: clone, env, stdio: 'ignore', detached: true });
  const ended = once(child, 'close');
  try {
    await Promise.all(
      [0, 1, 2].map((i) =>
        until(
          `edge ${i + 1} to answer`,
          async () => {
            const answer = await read(`http://127.0.0.1:${edgePort + i}`, 'example', '').catch(
              () => undefined,
            );
            return answer?.status === 200;
          },
          60_000,
        ),
      ),
    );
    return performance.now() - began;
  } finally {
    // Signals the whole process group, as Ctrl-C does.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    await ended;
  }
}
