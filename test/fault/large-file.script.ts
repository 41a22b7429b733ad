/**
 * `npm run test:large -- [BYTES]`: publishes one large file to three edges, and prints the peak memory of every
 * process.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { printTable } from '../../bench/table.ts';
import { startCluster } from '../helpers/cluster.ts';
import { start } from '../helpers/processes.ts';

const BYTES = Number(process.argv[2] ?? 2 * 1024 ** 3);
const LIMIT_MB = 300;
const SITE = 'large';

const cluster = await startCluster({ edges: 3 });
const folder = join(cluster.folder, 'tree');
await mkdir(folder);
const digest = await writeRandom(join(folder, 'large.bin'));

const began = performance.now();
const env = { SKERRY_ORIGIN: cluster.origin.url, SKERRY_TOKEN: cluster.token };
const publish = await start(['publish', folder, '--site', SITE, '--wait'], /revision 1 is live/, { env });
const rows: string[][] = [];
let worst = 0;
let isWithin = true;
// The kernel forgets the peak of a process that has ended, so the publisher is measured while it waits for the edges.
await note('publish', publish.pid);
await cluster.converged(SITE, 600_000);
const seconds = (performance.now() - began) / 1000;
const served = await Promise.all(cluster.edges.map((edge) => digestServed(edge.url)));
await note('origin', cluster.origin.running?.pid ?? 0);
for (const edge of cluster.edges) {
  const pid = edge.running?.pid ?? 0;
  await note(`${edge.name}, replicating`, pid);
  for (const child of await childrenOf(pid)) await note(`${edge.name}, serving`, child);
}
await publish.stop();
await cluster.close();

process.stdout.write(`${BYTES} bytes visible on 3 edges after ${seconds.toFixed(1)} s\n\n`);
printTable(['process', 'peak resident'], rows);
const isSame = served.every((each) => each === digest);
process.stdout.write(`\nserved byte for byte: ${isSame}; worst ${worst} MB, limit ${LIMIT_MB} MB\n`);
process.exit(isSame && isWithin ? 0 : 1);

async function writeRandom(file: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file, 'w');
  const piece = 16 * 1024 ** 2;
  for (let at = 0; at < BYTES; at += piece) {
    const bytes = randomBytes(Math.min(piece, BYTES - at));
    hash.update(bytes);
    await handle.write(bytes);
  }
  await handle.close();
  return hash.digest('hex');
}

function digestServed(edge: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${SITE}.localhost` };
    request(`${edge}/large.bin`, { headers }, (response) => {
      const hash = createHash('sha256');
      response.on('data', (piece: Buffer) => hash.update(piece));
      response.on('end', () => resolve(hash.digest('hex')));
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

async function note(name: string, pid: number): Promise<void> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024);
  worst = Math.max(worst, megabytes);
  isWithin &&= megabytes <= LIMIT_MB;
  rows.push([name, `${megabytes} MB`]);
}

async function childrenOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : '';
    if (Number(/\) \S+ (\d+)/.exec(stat)?.[1]) === pid) found.push(Number(name));
  }
  return found;
}
