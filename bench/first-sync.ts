/**
 * `npm run bench:first-sync [-- --files 30000] [-- --rounds 3] [-- --tls]`: compares a new edge that fetches a site of
 * many small files with `rsync -az` from a daemon into an empty folder. Both pass through the same counting proxy. The
 * time of the edge is from the first byte of the join until the site is visible; the time of rsync is from its first byte
 * until it ends. With `--tls`, another edge fetches the site from an origin that speaks TLS, in each round.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Cluster } from '../test/helpers/cluster.ts';
import { startProxy } from '../test/helpers/tcp-proxy.ts';
import { count, seconds } from './figures.ts';
import { publish, quiet, startOrigin, startProxiedEdge, type Transport } from './proxied-edge.ts';
import { rsync, rsyncUrl, startRsyncDaemon } from './rsync.ts';
import { withScratch } from './scratch.ts';
import { smallFiles } from './small-files.ts';
import { median, printTable } from './table.ts';

const SITE = 'site';
const REVISION = 1;
const VISIBLE_MS = 600_000;
const TLS_BUDGET = 1.15;
const BUDGET = { bytes: 1, time: 1.5 };

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '30000' },
    rounds: { type: 'string', default: '3' },
    tls: { type: 'boolean', default: false },
  },
});
const files = Number(values.files);

interface Round {
  readonly bytes: number;
  readonly ms: number;
}

const tree = await smallFiles(files);
const skerry: Record<Transport, Round[]> = { plain: [], tls: [] };
const transports: readonly Transport[] = values.tls ? ['plain', 'tls'] : ['plain'];
const copies: Round[] = [];
await withScratch(async (scratch) => {
  const origins = new Map<Transport, Cluster>();
  for (const transport of transports) origins.set(transport, await startOrigin(scratch, { transport }));
  for (const origin of origins.values()) await publish(origin, SITE, tree);
  const daemonPort = await startRsyncDaemon(scratch, { tree });
  for (let round = 1; round <= Number(values.rounds); round++) {
    process.stderr.write(`round ${round} …\n`);
    // Every other round begins with TLS, so that neither always has the warmer disk.
    const order = round % 2 === 1 ? [...origins] : [...origins].reverse();
    for (const [transport, origin] of order)
      skerry[transport].push(await joined(origin, `edge-${transport}-${round}`));
    copies.push(await copy(`copy-${round}`));
  }

  async function joined(origin: Cluster, name: string): Promise<Round> {
    const edge = await startProxiedEdge(scratch, origin, name);
    await edge.shows(SITE, REVISION, VISIBLE_MS);
    const ms = performance.now() - (edge.proxy.firstByteAt ?? Number.NaN);
    await edge.settled(SITE, REVISION);
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
const [ours, theirs] = [middle(skerry.plain), middle(copies)];
process.stdout.write(`${count(files)} small files to an empty place; medians of ${copies.length} rounds\n\n`);
printTable(
  ['what', 'bytes on the wire', 'time', 'all times'],
  [
    ['skerry, join to visible', count(ours.bytes), seconds(ours.ms), times(skerry.plain)],
    ...overTls(),
    ['rsync -az', count(theirs.bytes), seconds(theirs.ms), times(copies)],
    ['ratio, median of the rounds', paired('bytes', copies), paired('ms', copies), ''],
    ['budget', `at most ${BUDGET.bytes}`, `at most ${BUDGET.time}`, ''],
  ],
);

/**
 * Compares the two transfers of each round. They run one after the other, so other work on the machine affects both.
 */
function paired(figure: keyof Round, others: readonly Round[], ones = skerry.plain): string {
  return median(ones.map((round, i) => round[figure] / (others[i]?.[figure] ?? Number.NaN))).toFixed(2);
}

function overTls(): string[][] {
  if (!values.tls) return [];
  const { bytes, ms } = middle(skerry.tls);
  const compared = [paired('bytes', skerry.plain, skerry.tls), paired('ms', skerry.plain, skerry.tls)];
  return [
    ['the same over TLS', count(bytes), seconds(ms), times(skerry.tls)],
    ['TLS ÷ plain, median of the rounds', ...compared, `budget ${TLS_BUDGET}`],
  ];
}

function times(rounds: readonly Round[]): string {
  return rounds.map(({ ms }) => seconds(ms)).join(', ');
}
