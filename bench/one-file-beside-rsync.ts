import { cp, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Cluster } from '../test/helpers/cluster.ts';
import { startProxy } from '../test/helpers/tcp-proxy.ts';
import { count, ratio } from './figures.ts';
import { changeOne, type Round } from './one-change.ts';
import {
  type ProxiedEdge,
  publish,
  quiet,
  startOrigin,
  startProxiedEdge,
  type Transport,
} from './proxied-edge.ts';
import { rsync, rsyncUrl, startRsyncDaemon } from './rsync.ts';
import { withScratch } from './scratch.ts';
import { smallFiles } from './small-files.ts';
import { median, milliseconds, printTable, quantile } from './table.ts';

const SITE = 'site';
const VISIBLE_MS = 600_000;

const TLS_BUDGET = 1.15;

export async function oneOfLarge(
  files: number,
  rounds: number,
  transports: readonly Transport[],
): Promise<void> {
  const source = await smallFiles(files);
  const ours: Record<Transport, Round[]> = { plain: [], tls: [] };
  const theirs: Round[] = [];
  await withScratch(async (scratch) => {
    const tree = join(scratch.folder, 'tree');
    const copy = join(scratch.folder, 'copy');
    await cp(source, tree, { recursive: true, preserveTimestamps: true });
    const paths = await someFiles(tree, rounds);
    const port = await startRsyncDaemon(scratch, { tree });
    await rsync('-a', rsyncUrl(port, 'tree'), copy);

    const pairs: { transport: Transport; origin: Cluster; edge: ProxiedEdge }[] = [];
    for (const transport of transports) {
      const origin = await startOrigin(scratch, { transport });
      const edge = await startProxiedEdge(scratch, origin, `edge-${transport}`);
      const revision = await publish(origin, SITE, tree);
      await edge.shows(SITE, revision, VISIBLE_MS);
      await edge.settled(SITE, revision);
      pairs.push({ transport, origin, edge });
    }

    for (const [round, path] of paths.entries()) {
      const content = `round ${round} of ${Date.now()}`;
      // Every other round begins with TLS.
      for (const { transport, origin, edge } of round % 2 === 0 ? pairs : pairs.toReversed())
        ours[transport].push(await changeOne(origin, edge, SITE, path, content));
      await writeFile(join(tree, path), content);
      theirs.push(await pass());
    }

    async function pass(): Promise<Round> {
      const proxy = await startProxy({ target: { host: '127.0.0.1', port } });
      scratch.defer(() => proxy.close());
      const began = performance.now();
      await rsync('-az', '--delete', rsyncUrl(proxy.port, 'tree'), copy);
      const ms = performance.now() - began;
      await quiet(proxy);
      await proxy.close();
      return { bytes: proxy.bytes, ms };
    }
  });
  process.stdout.write(`${count(files)} small files, one of them changed; ${rounds} rounds\n\n`);
  const [a, b, c] = [ours.plain, theirs, ours.tls].map((all) => ({
    ms: median(all.map(({ ms }) => ms)),
    bytes: median(all.map(({ bytes }) => bytes)),
  }));
  printTable(
    ['what', 'median time', 'p90', 'worst', 'bytes on the wire'],
    [
      ['skerry, PUT to visible', ...figures(ours.plain)],
      ...(transports.includes('tls') ? overTls() : []),
      ['one rsync -az --delete pass', ...figures(theirs)],
      ['ratio', a && b ? ratio(a.ms, b.ms) : '', '', '', a && b ? ratio(a.bytes, b.bytes) : ''],
    ],
  );

  function overTls(): string[][] {
    const paired = ours.tls.map(({ ms }, i) => ms / (ours.plain[i]?.ms ?? Number.NaN));
    const bytes = a && c ? ratio(c.bytes, a.bytes) : '';
    return [
      ['the same over TLS', ...figures(ours.tls)],
      ['TLS ÷ plain, median of the rounds', median(paired).toFixed(2), `budget ${TLS_BUDGET}`, '', bytes],
    ];
  }
}

function figures(rounds: readonly Round[]): string[] {
  const times = rounds.map(({ ms }) => ms);
  return [
    ...[median(times), quantile(times, 0.9), Math.max(...times)].map(milliseconds),
    count(median(rounds.map(({ bytes }) => bytes))),
  ];
}

/** Picks files that are evenly spread over the whole tree. */
async function someFiles(tree: string, wanted: number): Promise<string[]> {
  const items = await readdir(tree, { recursive: true, withFileTypes: true });
  const files = items.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name));
  return Array.from({ length: wanted }, (_, i) =>
    relative(tree, files[Math.floor((i * files.length) / wanted)] ?? ''),
  );
}
