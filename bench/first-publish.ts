/**
 * `npm run bench:first-publish [-- --files 31843] [-- --rounds 3] [-- --rate BYTES]`: the first publish of a site of many
 * small files, with `skerry publish` as a process of its own, until an edge shows it; beside two passes of `rsync -az`
 * one after the other, from the folder to a second one and from there to a third. Then the same folder is published
 * again, unchanged. With `--rate`, each of the two hops is a link of so many bytes per second, for rsync, too.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startProxy, type TcpProxy } from '../test/helpers/tcp-proxy.ts';
import { count, seconds } from './figures.ts';
import { startOrigin, startProxiedEdge } from './proxied-edge.ts';
import { rsync, rsyncUrl, startRsyncDaemon } from './rsync.ts';
import { withScratch } from './scratch.ts';
import { smallFiles } from './small-files.ts';
import { median, printTable } from './table.ts';

const VISIBLE_MS = 600_000;
const UNCHANGED_MS = 1500;
const RATIO = 2;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '31843' },
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string' },
  },
});
const files = Number(values.files);
const rate = values.rate === undefined ? Number.POSITIVE_INFINITY : Number(values.rate);

const figures = {
  live: [] as number[],
  visible: [] as number[],
  unchanged: [] as number[],
  copies: [] as number[],
};
const tree = await smallFiles(files);
await withScratch(async (scratch) => {
  const origin = await startOrigin(scratch);
  const edge = await startProxiedEdge(scratch, origin, 'edge');
  edge.proxy.bytesPerSecond = rate;
  const address =
    values.rate === undefined ? origin.origin.url : (await linkTo(new URL(origin.origin.url))).url;
  for (let round = 1; round <= Number(values.rounds); round++) {
    process.stderr.write(`round ${round} …\n`);
    const site = `site-${round}`;
    const publish = () => run(address, origin.token, ['publish', tree, '--site', site, '--json']);
    const began = performance.now();
    await publish();
    figures.live.push(performance.now() - began);
    await edge.shows(site, 1, VISIBLE_MS);
    figures.visible.push(performance.now() - began);
    const again = performance.now();
    await publish();
    figures.unchanged.push(performance.now() - again);
    figures.copies.push(await twoCopies(round));
  }

  async function twoCopies(round: number): Promise<number> {
    const [first, second] = [join(scratch.folder, `first-${round}`), join(scratch.folder, `second-${round}`)];
    const daemon = await startRsyncDaemon(scratch, { tree, first });
    const port = values.rate === undefined ? daemon : (await linkTo({ port: daemon })).port;
    const began = performance.now();
    await rsync('-az', rsyncUrl(port, 'tree'), first);
    await rsync('-az', rsyncUrl(port, 'first'), second);
    return performance.now() - began;
  }

  async function linkTo({ port }: { readonly port: number | string }): Promise<TcpProxy> {
    const link = await startProxy({
      target: { host: '127.0.0.1', port: Number(port) },
      bytesPerSecond: rate,
    });
    scratch.defer(() => link.close());
    return link;
  }
});

/** Runs a command of the CLI as a user would: a process of its own. */
async function run(origin: string, token: string, args: string[]): Promise<void> {
  const bin = join(import.meta.dirname, '..', 'bin', 'launch.js');
  const env = { ...process.env, SKERRY_ORIGIN: origin, SKERRY_TOKEN: token };
  const child = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`skerry ${args.join(' ')} ended (${code})`);
}

const ratios = figures.visible.map((ms, i) => ms / (figures.copies[i] ?? Number.NaN));
const link = values.rate === undefined ? '' : `; two links of ${count(rate)} bytes/s`;
process.stdout.write(`${count(files)} small files; medians of ${ratios.length} rounds${link}\n\n`);
const row = (what: string, all: readonly number[], budget: string) => [
  what,
  seconds(median(all)),
  all.map(seconds).join(', '),
  budget,
];
printTable(
  ['what', 'time', 'all times', 'budget'],
  [
    row('skerry publish, until it is live', figures.live, ''),
    row('skerry publish, until an edge shows it', figures.visible, ''),
    row('two passes of rsync -az', figures.copies, ''),
    ['ratio, median of the rounds', median(ratios).toFixed(2), '', `at most ${RATIO}, 1 the goal`],
    row('skerry publish, unchanged', figures.unchanged, `at most ${seconds(UNCHANGED_MS)}`),
  ],
);
