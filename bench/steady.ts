/**
 * `npm run bench:steady [-- --megabytes 1000] [-- --small 20000] [-- --rate 1000] [-- --http2]`: requests a hot file at a constant
 * rate and measures what its readers notice while the edge fetches and activates a large revision that was committed
 * before, and while a task verifies all of that revision. The load generator has its own core.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeCertificate } from '../test/helpers/certificates.ts';
import { startCluster } from '../test/helpers/cluster.ts';
import { freePorts } from '../test/helpers/free-ports.ts';
import type { LoadFigures } from './constant-load.ts';
import { withScratch } from './scratch.ts';
import { makeFiles } from './small-files.ts';
import { milliseconds, printTable } from './table.ts';

const SITE = 'site';
const FILE_BYTES = 10_000_000;
const IDLE_MS = 10_000;
const VISIBLE_MS = 600_000;
const BUDGET_MS = 10;
const NICE = 15;

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1000' },
    small: { type: 'string', default: '20000' },
    rate: { type: 'string', default: '1000' },
    http2: { type: 'boolean', default: false },
  },
});

await withScratch(async (scratch) => {
  const [tlsPort = 0] = await freePorts(1);
  const certs = join(scratch.folder, 'certs');
  // No request asks for this name, because readers of a host with a certificate would be redirected to TLS.
  await writeCertificate(join(certs, 'bench'), ['bench.example']);
  const args = () => ['--tls-port', String(tlsPort), '--certs', certs];
  const starting = startCluster({ edges: 1, folder: scratch.folder, args });
  scratch.defer(() =>
    starting.then(
      (cluster) => cluster.close(),
      () => {},
    ),
  );
  const cluster = await starting;
  const [edge] = cluster.edges;
  if (edge === undefined) throw new Error('the edge does not run');
  const tree = join(scratch.folder, 'tree');
  await mkdir(tree);
  const run = async (...args: string[]) => {
    const { code, stderr } = await cluster.skerry(...args);
    if (code !== 0) throw new Error(`skerry ${args[0]} ended (${code}): ${stderr}`);
  };
  const hot = (revision: number) =>
    writeFile(join(tree, 'hot.txt'), `${SITE}@${revision} ${'x'.repeat(2000)}`);

  await hot(1);
  await run('publish', tree, '--site', SITE, '--wait');
  await run('edge', 'pause', 'edge-1');
  await hot(2);
  for (let i = 0; i < (Number(values.megabytes) * 1e6) / FILE_BYTES; i++)
    await writeFile(join(tree, `${i}.bin`), randomBytes(FILE_BYTES));
  makeFiles(join(tree, 'small'), Number(values.small));
  process.stderr.write('publishing …\n');
  await run('publish', tree, '--site', SITE);

  // In reality the origin would run on another machine, so it gets a low priority here.
  await niced(cluster.origin.running?.pid ?? 0);
  const { port } = new URL(edge.url);
  const base = `${SITE}.localhost@127.0.0.1`;
  const url = values.http2 ? `https://${base}:${tlsPort}/hot.txt` : `http://${base}:${port}/hot.txt`;
  const load = spawn(
    'taskset',
    ['-c', '1', process.execPath, join(import.meta.dirname, 'constant-load.ts'), url, values.rate],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  scratch.defer(() => load.kill());
  const lines = createInterface({ input: load.stdout });
  const figures = async (): Promise<LoadFigures> => {
    const line = once(lines, 'line');
    load.stdin.write('mark\n');
    return JSON.parse(String((await line)[0])) as LoadFigures;
  };
  await sleep(2000);
  await figures();
  process.stderr.write('idle …\n');
  await sleep(IDLE_MS);
  const idle = await figures();
  process.stderr.write('replicating …\n');
  const began = performance.now();
  await run('edge', 'resume', 'edge-1');
  await cluster.converged(SITE, VISIBLE_MS);
  const took = performance.now() - began;
  const replicating = await figures();
  process.stderr.write('verifying …\n');
  const verifyBegan = performance.now();
  await run('verify', 'edge-1');
  const verifyTook = performance.now() - verifyBegan;
  const verifying = await figures();
  load.stdin.end();

  const row = (what: string, { requests, failures, p50, p99, longest, revisions }: LoadFigures) => [
    what,
    String(requests),
    String(failures),
    milliseconds(p50),
    milliseconds(p99),
    milliseconds(longest),
    revisions.join(' '),
  ];
  process.stdout.write(
    `${values.megabytes} MB and ${values.small} small files came in within ${milliseconds(took)} and were verified within ` +
      `${milliseconds(verifyTook)}, at ${values.rate} requests/s\n\n`,
  );
  printTable(
    ['while', 'requests', 'failures', 'p50', 'p99', 'longest', 'revisions'],
    [row('idle', idle), row('replicating', replicating), row('verifying', verifying)],
  );
  const allowed = Math.max(2 * idle.p99, BUDGET_MS);
  const all = [idle, replicating, verifying];
  const holds = all.every(({ p99, failures }) => p99 <= allowed && failures === 0);
  process.stdout.write(
    `\nbudget: p99 within ${milliseconds(allowed)}, no failures: ${holds ? 'held' : 'not held'}\n`,
  );
});

/** Lowers the priority of a process with all its threads, but not of the serving processes that it has started. */
async function niced(pid: number): Promise<void> {
  for (const thread of await readdir(`/proc/${pid}/task`)) setPriority(Number(thread), NICE);
}
