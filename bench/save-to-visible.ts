/**
 * `npm run bench:save`: measures from a save in a watched folder until all three edges serve it, and compares that with
 * one `rsync -a` pass over the same tree with the same change.
 */
import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../test/helpers/cluster.ts';
import { read } from '../test/helpers/http.ts';
import { start } from '../test/helpers/processes.ts';
import { packageFolder } from '../test/helpers/tree.ts';
import { median, milliseconds, printTable, quantile } from './table.ts';

const ROUNDS = Number(process.argv[2] ?? 21);
const SITE = 'three';
const FILE = 'README.md';

const folder = await mkdtemp(join(tmpdir(), 'skerry-bench-'));
const tree = join(folder, 'tree');
const copy = join(folder, 'copy');
await cp(packageFolder('three-a'), tree, { recursive: true });
execFileSync('rsync', ['-a', `${tree}/`, copy]);

const cluster = await startCluster({ edges: 3 });
const env = { SKERRY_ORIGIN: cluster.origin.url, SKERRY_TOKEN: cluster.token };
const watch = await start(['watch', tree, '--site', SITE], /revision 1 is live/, { env });
await cluster.converged(SITE);

const shows = async (edge: string, content: string) => {
  while ((await read(edge, SITE, FILE)).body.toString() !== content);
};
const visible: number[] = [];
const rsync: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const content = `round ${round} of ${Date.now()}`;
  const saved = performance.now();
  await writeFile(join(tree, FILE), content);
  await Promise.all(cluster.edges.map((edge) => shows(edge.url, content)));
  visible.push(performance.now() - saved);
  const began = performance.now();
  execFileSync('rsync', ['-a', `${tree}/`, copy]);
  rsync.push(performance.now() - began);
}
await watch.stop();
await cluster.close();
await rm(folder, { recursive: true, force: true });

process.stdout.write(`three@0.166.0, 993 files, one of them saved; ${ROUNDS} rounds\n\n`);
printTable(
  ['from the save', 'median', 'p90', 'worst'],
  [
    ['skerry watch, visible on 3 edges', ...figures(visible)],
    ['one rsync -a pass to one local folder', ...figures(rsync)],
  ],
);

function figures(times: readonly number[]): string[] {
  return [median(times), quantile(times, 0.9), Math.max(...times)].map(milliseconds);
}
