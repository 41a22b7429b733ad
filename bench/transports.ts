/**
 * `npm run bench:transports [-- --rounds 5] [-- --files 10000] [-- --megabytes 200]`: replication over plain HTTP/1.1,
 * over HTTP/1.1 with TLS, and over HTTP/2 with TLS, which the product does not speak (decision 45). Each round measures
 * all three, in another order: the first sync of many small files, that of a few large ones which do not compress, and
 * the change of one file. All processes run from the sources, because the bench replaces modules for HTTP/2.
 */
import { randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Cluster } from '../test/helpers/cluster.ts';
import type { RunOptions } from '../test/helpers/processes.ts';
import { writeTree } from '../test/helpers/tree.ts';
import { count, ratio, seconds } from './figures.ts';
import { changeOne } from './one-change.ts';
import { type ProxiedEdge, publish, startOrigin, startProxiedEdge, type Transport } from './proxied-edge.ts';
import { type Scratch, withScratch } from './scratch.ts';
import { smallFiles } from './small-files.ts';
import { median, milliseconds, printTable } from './table.ts';

const [SMALL, LARGE, REVISION] = ['small', 'large', 1];
const LARGE_FILES = 8;
const CHANGES = 10;
const VISIBLE_MS = 600_000;
const H2 = new URL('./h2/speak-h2.ts', import.meta.url).href;

interface Way {
  readonly name: string;
  readonly transport: Transport;
  readonly run: RunOptions;
}

const ways: readonly Way[] = [
  { name: 'plain', transport: 'plain', run: { fromSources: true } },
  { name: 'TLS, HTTP/1.1', transport: 'tls', run: { fromSources: true } },
  {
    name: 'TLS, HTTP/2',
    transport: 'tls',
    run: { fromSources: true, env: { NODE_OPTIONS: `--import ${H2}` } },
  },
];

interface Measured {
  readonly small: number[];
  readonly large: number[];
  readonly changes: number[];
}

interface Runner extends Way, Measured {
  readonly origin: Cluster;
  /** It stays, for the changes of one file. */
  readonly edge: ProxiedEdge;
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    files: { type: 'string', default: '10000' },
    megabytes: { type: 'string', default: '200' },
  },
});
const rounds = Number(values.rounds);
const files = Number(values.files);
const bytes = Number(values.megabytes) * 1e6;

const small = await smallFiles(files);
const loads: number[] = [];
const runners = await withScratch(async (scratch) => {
  const size = bytes / LARGE_FILES;
  const large = await writeTree(
    join(scratch.folder, 'tree'),
    Object.fromEntries(Array.from({ length: LARGE_FILES }, (_, i) => [`${i}.bin`, randomBytes(size)])),
  );
  const all: Runner[] = [];
  for (const [index, way] of ways.entries()) all.push(await started(scratch, way, `way-${index}`, large));
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`round ${round + 1} …\n`);
    for (let turn = 0; turn < all.length; turn++) {
      const runner = all[(round + turn) % all.length];
      if (runner !== undefined) await measure(scratch, runner, `edge-${round}-${turn}`);
      loads.push(loadavg()[0] ?? 0);
    }
  }
  return all;
});

async function started(scratch: Scratch, way: Way, name: string, large: string): Promise<Runner> {
  const origin = await startOrigin(scratch, { ...way, name });
  await publish(origin, SMALL, small);
  await publish(origin, LARGE, large);
  const edge = await startProxiedEdge(scratch, origin, `${name}-edge`, way.run);
  for (const site of [SMALL, LARGE]) await edge.shows(site, REVISION, VISIBLE_MS);
  const said = origin.origin.running?.output().stderr ?? '';
  if (said.includes('HTTP/2') !== (way.run.env !== undefined)) throw new Error(`${way.name}: ${said}`);
  return { ...way, origin, edge, small: [], large: [], changes: [] };
}

async function measure(scratch: Scratch, runner: Runner, name: string): Promise<void> {
  const { origin, edge } = runner;
  for (const [site, times] of [
    [SMALL, runner.small],
    [LARGE, runner.large],
  ] as const) {
    const fresh = await startProxiedEdge(scratch, origin, `${name}-${site}`, {
      ...runner.run,
      env: { ...runner.run.env, SKERRY_SITES: site },
    });
    await fresh.shows(site, REVISION, VISIBLE_MS);
    times.push(performance.now() - (fresh.proxy.firstByteAt ?? Number.NaN));
    await fresh.stop();
  }
  for (let i = 0; i < CHANGES; i++) {
    const text = `${name} ${i} ${Date.now()}`;
    runner.changes.push((await changeOne(origin, edge, SMALL, 'changed.txt', text)).ms);
  }
}

const [plain, secure] = runners;
process.stdout.write(
  `${rounds} rounds; load ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}\n\n`,
);
printTable(
  [
    'first sync, median',
    `${count(files)} small files`,
    `${values.megabytes} MB in ${LARGE_FILES} files`,
    'one file',
  ],
  [
    ...runners.map(({ name, small, large, changes }) => [
      name,
      seconds(median(small)),
      seconds(median(large)),
      milliseconds(median(changes)),
    ]),
    ['TLS ÷ plain, median of pairs', ...compared(secure, plain)],
    ['HTTP/2 ÷ HTTP/1.1, median of pairs', ...compared(runners[2], secure)],
  ],
);

/** Compares what was measured in the same round. */
function compared(one: Measured | undefined, other: Measured | undefined): string[] {
  const paired = (a: readonly number[] = [], b: readonly number[] = []) =>
    ratio(median(a.map((ms, i) => ms / (b[i] ?? Number.NaN))), 1);
  return [
    paired(one?.small, other?.small),
    paired(one?.large, other?.large),
    paired(one?.changes, other?.changes),
  ];
}
