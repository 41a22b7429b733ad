/**
 * `npm run bench:traffic [-- --runs 3] [-- WORD…]`: counts the bytes on an edge's wire, in both directions, for the
 * next version of a site. Compares them with `rsync -az -c --delete` from a daemon. Both pass through the same counting
 * proxy. WORDs choose pairs.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { read, sha256 } from '../test/helpers/http.ts';
import { startProxy } from '../test/helpers/tcp-proxy.ts';
import { digestsOf } from '../test/helpers/tree.ts';
import { count, geometricMean, ratio, seconds } from './figures.ts';
import { publish, quiet, startOrigin, startProxiedEdge } from './proxied-edge.ts';
import { rsync, rsyncUrl, startRsyncDaemon } from './rsync.ts';
import { type Scratch, withScratch } from './scratch.ts';
import { median, printTable } from './table.ts';
import { PAIRS } from './traffic-pairs.ts';
import { type Change, changeOf } from './tree-change.ts';

const SITE = 'site';
const VISIBLE_MS = 120_000;
const IDLE_MS = 15_000;
/** The number of changed files that are read back from the edge. */
const READ_BACK = 50;

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const pairs = PAIRS.filter(({ name }) => positionals.every((word) => name.includes(word)));
if (pairs.length === 0) throw new Error(`no pair has all of ${positionals.join(' ')} in its name`);

interface Run {
  readonly bytes: number;
  readonly ms: number;
}

const rows: { cells: string[]; ratio: number; name: string }[] = [];
for (const pair of pairs) {
  process.stderr.write(`${pair.name} …\n`);
  await withScratch(async (scratch) => {
    const [before, after] = await pair.trees(scratch.folder);
    const change = await changeOf(before, after);
    const copied: number[] = [];
    const synced: Run[] = [];
    for (let run = 0; run < Number(values.runs); run++) {
      copied.push(await withScratch((inner) => copy(inner, before, after)));
      synced.push(await withScratch((inner) => sync(inner, before, after, change)));
    }
    const theirs = median(copied);
    const ours = median(synced.map(({ bytes }) => bytes));
    rows.push({
      name: pair.name,
      ratio: ours / theirs,
      cells: [
        pair.name,
        ...[change.files, change.changed.length, change.deleted.length, change.newBytes, theirs, ours].map(
          count,
        ),
        ratio(ours, theirs),
        seconds(median(synced.map(({ ms }) => ms))),
      ],
    });
  });
}
const idle = await withScratch(idleBytes);

printTable(
  ['pair', 'files', 'changed', 'deleted', 'new bytes', 'rsync bytes', 'skerry bytes', 'ratio', 'window'],
  rows.map(({ cells }) => cells),
);
const worst = rows.reduce((a, b) => (b.ratio > a.ratio ? b : a));
process.stdout.write(
  [
    '',
    `geometric mean of the ratios: ${geometricMean(rows.map((row) => row.ratio)).toFixed(2)}`,
    `worst: ${worst.ratio.toFixed(2)} (${worst.name})`,
    `an idle edge: ${count(idle)} bytes in ${IDLE_MS / 1000} s; the windows above hold their share of it`,
    '',
  ].join('\n'),
);

/** Measures from before the publish until the receipt has arrived. */
async function sync(scratch: Scratch, before: string, after: string, change: Change): Promise<Run> {
  const origin = await startOrigin(scratch);
  const edge = await startProxiedEdge(scratch, origin, 'edge');
  const first = await publish(origin, SITE, before);
  await edge.shows(SITE, first, VISIBLE_MS);
  await edge.settled(SITE, first);

  const held = edge.proxy.bytes;
  const began = performance.now();
  const second = await publish(origin, SITE, after);
  await edge.shows(SITE, second, VISIBLE_MS);
  await edge.settled(SITE, second);
  const run = { bytes: edge.proxy.bytes - held, ms: performance.now() - began };

  const wanted = await digestsOf(after);
  for (const path of change.changed.slice(0, READ_BACK)) {
    const { status, body } = await read(edge.url, SITE, path);
    if (status !== 200 || sha256(body) !== wanted.get(path)) throw new Error(`${path} is wrong (${status})`);
  }
  for (const path of change.deleted.slice(0, READ_BACK)) {
    const { status, headers } = await read(edge.url, SITE, path);
    // The edge continues to serve assets of the previous release and names that revision.
    const isFormer = status === 200 && headers['skerry-revision'] !== `${SITE}@${second}`;
    if (status !== 404 && !isFormer) throw new Error(`${path} should be gone (${status})`);
  }
  return run;
}

async function copy(scratch: Scratch, before: string, after: string): Promise<number> {
  const port = await startRsyncDaemon(scratch, { before, after });
  const proxy = await startProxy({ target: { host: '127.0.0.1', port } });
  scratch.defer(() => proxy.close());
  const copied = join(scratch.folder, 'copy');
  await rsync('-a', rsyncUrl(port, 'before'), copied);
  await rsync('-az', '-c', '--delete', rsyncUrl(proxy.port, 'after'), copied);
  await quiet(proxy);
  const { changed, deleted } = await changeOf(copied, after);
  if (changed.length + deleted.length > 0) throw new Error('the copy that rsync made is not equal');
  return proxy.bytes;
}

async function idleBytes(scratch: Scratch): Promise<number> {
  const { proxy } = await startProxiedEdge(scratch, await startOrigin(scratch), 'edge');
  await quiet(proxy);
  const held = proxy.bytes;
  await sleep(IDLE_MS);
  return proxy.bytes - held;
}
