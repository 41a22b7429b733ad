/**
 * `npm run bench:first-sync [-- --files 30000] [-- --rounds 3]`: compares a new edge that fetches a site of many small
 * files with `rsync -az` from a daemon into an empty folder. Both pass through the same counting proxy. The time of the
 * edge is from the first byte of the join until the site is visible; the time of rsync is from its first byte until it
 * ends.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startProxy } from '../test/helpers/tcp-proxy.ts';
import { count, seconds } from './figures.ts';
import { publish, quiet, startOrigin, startProxiedEdge } from './proxied-edge.ts';
import { rsync, rsyncUrl, startRsyncDaemon } from './rsync.ts';
import { withScratch } from './scratch.ts';
import { smallFiles } from './small-files.ts';
import { median, printTable } from './table.ts';

const SITE = 'site';
const VISIBLE_MS = 600_000;
const BUDGET = { bytes: 1, time: 1.5 };

const { values } = parseArgs({
  options: { files: { type: 'string', default: '30000' }, rounds: { type: 'string', default: '3' } },
});
const files = Number(values.files);

interface Round {
  readonly bytes: number;
  readonly ms: number;
}

const tree = await smallFiles(files);
const skerry: Round[] = [];
const copies: Round[] = [];
await withScratch(async (scratch) => {
  const origin = await startOrigin(scratch);
  const revision = await publish(origin, SITE, tree);
  const daemonPort = await startRsyncDaemon(scratch, { tree });
  for (let round = 1; round <= Number(values.rounds); round++) {
    process.stderr.write(`round ${round} …\n`);
    skerry.push(await joined(`edge-${round}`));
    copies.push(await copy(`copy-${round}`));
  }

  async function joined(name: string): Promise<Round> {
    const edge = await startProxiedEdge(scratch, origin, name);
    await edge.shows(SITE, revision, VISIBLE_MS);
    const ms = performance.now() - (edge.proxy.firstByteAt ?? Number.NaN);
    await edge.settled(SITE, revision);
    await edge.stop();
    return { bytes: edge.proxy.bytes, ms };
  }

  async function copy(name: string): Promise<Round> {
    const proxy = await startProxy({ target: { host: '127.0.0.1', port: daemonPort } });
    scratch.defer(() => proxy.close());
    await rsync('-az', rsyncUrl(proxy.port, 'tree'), join(scratch.folder, name));
    const ms = performance.now() - (proxy.firstByteAt ?? Number.NaN);
    await quiet(proxy);
    await proxy.close();
    return { bytes: proxy.bytes, ms };
  }
});

const middle = (rounds: readonly Round[]) => ({
  bytes: median(rounds.map(({ bytes }) => bytes)),
  ms: median(rounds.map(({ ms }) => ms)),
});
const [ours, theirs] = [middle(skerry), middle(copies)];
process.stdout.write(`${count(files)} small files to an empty place; medians of ${skerry.length} rounds\n\n`);
printTable(
  ['what', 'bytes on the wire', 'time', 'all times'],
  [
    ['skerry, join to visible', count(ours.bytes), seconds(ours.ms), times(skerry)],
    ['rsync -az', count(theirs.bytes), seconds(theirs.ms), times(copies)],
    ['ratio, median of the rounds', paired('bytes'), paired('ms'), ''],
    ['budget', `at most ${BUDGET.bytes}`, `at most ${BUDGET.time}`, ''],
  ],
);

/**
 * Compares the two transfers of each round. They run one after the other, so other work on the machine affects both.
 */
function paired(figure: keyof Round): string {
  return median(skerry.map((round, i) => round[figure] / (copies[i]?.[figure] ?? Number.NaN))).toFixed(2);
}

function times(rounds: readonly Round[]): string {
  return rounds.map(({ ms }) => seconds(ms)).join(', ');
}
