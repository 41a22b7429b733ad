import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { count, megabytes, ratio, seconds } from './figures.ts';
import { changeOne, type Round } from './one-change.ts';
import { proportionalBytes } from './process-memory.ts';
import { publish, startOrigin, startProxiedEdge } from './proxied-edge.ts';
import { withScratch } from './scratch.ts';
import { madePath, makeFiles } from './small-files.ts';
import { median, milliseconds, printTable, quantile } from './table.ts';

const SMALL = 1000;
const VISIBLE_MS = 3_600_000;
/** Making a million files in memory takes a minute and does not wear out a disk. */
const MEMORY_DISK = '/dev/shm';

interface Site {
  readonly name: string;
  readonly files: number;
  readonly rounds: Round[];
}

/** Changes one file of a small site and one of a large site on the same edge, in turns. */
export async function largeBesideSmall(files: number, rounds: number): Promise<void> {
  const small: Site = { name: 'small', files: SMALL, rounds: [] };
  const large: Site = { name: 'large', files, rounds: [] };
  const memory: [string, number][] = [];
  await withScratch(async (scratch) => {
    const origin = await startOrigin(scratch);
    const edge = await startProxiedEdge(scratch, origin, 'edge');
    const measure = async (when: string) => {
      memory.push([when, await proportionalBytes(edge.pid)]);
    };
    await measure('with no site');
    for (const { name, files } of [small, large]) {
      const began = performance.now();
      const revision = await withScratch(async ({ folder }) => {
        const tree = join(folder, 'tree');
        await mkdir(tree);
        makeFiles(tree, files);
        process.stderr.write(`${count(files)} files made after ${seconds(performance.now() - began)}\n`);
        const published = await publish(origin, name, tree);
        await rm(tree, { recursive: true });
        return published;
      }, MEMORY_DISK);
      process.stderr.write(`published after ${seconds(performance.now() - began)}\n`);
      await edge.shows(name, revision, VISIBLE_MS);
      await edge.settled(name, revision);
      process.stderr.write(`visible after ${seconds(performance.now() - began)}\n`);
      await measure(`after the sync of ${count(files)} files`);
    }
    for (let round = 0; round < rounds; round++) {
      for (const site of [small, large]) {
        const path = madePath(Math.floor((round * site.files) / rounds));
        const content = `round ${round} of ${Date.now()}`;
        site.rounds.push(await changeOne(origin, edge, site.name, path, content));
      }
      if (round === 0) await measure('after one change of each');
    }
    await measure(`after ${rounds} changes of each`);
  });

  process.stdout.write(`one file changed by the API, until the edge serves it; ${rounds} rounds\n\n`);
  const times = (site: Site) => site.rounds.map(({ ms }) => ms);
  const bytes = (site: Site) => median(site.rounds.map((round) => round.bytes));
  printTable(
    ['files of the site', 'median time', 'p90', 'worst', 'bytes on the wire'],
    [
      ...[small, large].map((site) => [
        count(site.files),
        ...[median(times(site)), quantile(times(site), 0.9), Math.max(...times(site))].map(milliseconds),
        count(bytes(site)),
      ]),
      ['ratio', ratio(median(times(large)), median(times(small))), '', '', ratio(bytes(large), bytes(small))],
    ],
  );
  process.stdout.write('\n');
  printTable(
    ['the edge, both processes', 'PSS'],
    memory.map(([when, pss]) => [when, megabytes(pss)]),
  );
}
