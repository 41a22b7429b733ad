/**
 * `npm run bench:fleet [-- --edges 200] [--parents 4] [--rounds 9]`: a change of 100 KB to a fleet, data in memory.
 * From sending the commit to the last edge that shows it; what it costs the origin in CPU time, memory and bytes.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { machineTime } from '../edge/activate/lease.ts';
import { digestOf } from '../shared/digest.ts';
import { type Cluster, freePorts } from '../test/helpers/cluster.ts';
import { start } from '../test/helpers/processes.ts';
import { startProxy } from '../test/helpers/tcp-proxy.ts';
import { until } from '../test/helpers/until.ts';
import { count, megabytes } from './figures.ts';
import type { FromEdges, ToEdges } from './fleet-edges.ts';
import { publish, quiet, startOrigin } from './proxied-edge.ts';
import { type Scratch, withScratch } from './scratch.ts';
import { median, milliseconds, printTable } from './table.ts';

const { values } = parseArgs({
  options: {
    edges: { type: 'string', default: '200' },
    parents: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '9' },
    processes: { type: 'string', default: '4' },
  },
});
const rounds = Number(values.rounds);
const FILES = 1000;
const FILE_BYTES = 2000;
const CHANGED = 5;
const CHANGED_BYTES = 20_000;
const LONG_MS = 120_000;
const TICKS_PER_SECOND = 100;

const rows: string[][] = [];

async function measure(scratch: Scratch, edges: number, parents: number): Promise<void> {
  process.stderr.write(`${edges} edges, ${parents} parents …\n`);
  const origin = await startOrigin(scratch);
  const pid = origin.origin.running?.pid ?? 0;
  const { hostname: host, port } = new URL(origin.origin.url);
  const proxy = await startProxy({ target: { host, port: Number(port) } });
  scratch.defer(() => proxy.close());
  const fleet = await Fleet.start(scratch, origin, edges);
  const feeds = await startParents(scratch, origin, proxy.url, parents);
  await fleet.follow(feeds.length === 0 ? [origin.origin.url] : feeds);

  const tree = await writeFiles(join(scratch.folder, 'tree'));
  let revision = await publish(origin, 's', tree);
  await fleet.shows(revision, edges);

  const lasts: number[] = [];
  const middles: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await sleep(500);
    const before = cpuSeconds(pid);
    const commit = await prepareChange(origin, revision);
    const began = machineTime();
    revision = await commit();
    const times = [...(await fleet.shows(revision, edges)).values()].map((at) => at - began);
    lasts.push(Math.max(...times));
    middles.push(median(times));
    await sleep(300);
    cpu.push(cpuSeconds(pid) - before);
  }
  const idleBefore = cpuSeconds(pid);
  await sleep(5000);
  const idle = (cpuSeconds(pid) - idleBefore) / 5;

  // Counting passes every byte through one more process: apart from the rounds that are timed.
  if (feeds.length === 0) await fleet.follow([proxy.url]);
  await quietly(proxy);
  const sentBefore = proxy.bytesDown;
  revision = await (await prepareChange(origin, revision))();
  await fleet.shows(revision, edges);
  const egress = proxy.bytesDown - sentBefore;

  await until(
    'all receipts',
    async () => {
      const answer = await fetch(`${origin.origin.url}/v1/sites/s/revisions/${revision}`, {
        headers: { authorization: `Bearer ${origin.token}` },
      });
      const { receipts } = (await answer.json()) as { receipts: unknown[] };
      return receipts.length >= edges;
    },
    LONG_MS,
  );
  const spent = median(cpu);
  rows.push([
    parents === 0 ? `${edges} edges` : `${edges} edges under ${parents} parents`,
    milliseconds(median(lasts)),
    milliseconds(median(middles)),
    milliseconds(Math.max(...lasts)),
    megabytes(peakBytes(pid)),
    `${(spent * 1000).toFixed(0)} ms`,
    `${((spent * 1000) / edges).toFixed(1)} ms`,
    `${(idle * 100).toFixed(0)} %`,
    `${count(egress)} bytes`,
  ]);
}

/** Heartbeats of a fleet never leave the wire alone. */
async function quietly(proxy: Parameters<typeof quiet>[0]): Promise<void> {
  await Promise.race([quiet(proxy).catch(() => {}), sleep(5000)]);
}

class Fleet {
  readonly #children: readonly ChildProcess[];
  readonly #shown = new Map<string, { revision: number; at: number }>();

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
    for (const child of children) {
      child.on('message', (message: FromEdges) => {
        if (message.t === 'shown') this.#shown.set(message.edge, message);
      });
    }
  }

  static async start(scratch: Scratch, origin: Cluster, count: number): Promise<Fleet> {
    const names = Array.from({ length: count }, (_, i) => `fleet-${i + 1}`);
    const edges: { name: string; token: string }[] = [];
    for (const name of names)
      edges.push({ name, token: (await origin.client.createToken({ scope: 'join', edge: name })).token });
    const processes = Math.min(Number(values.processes), count);
    const children = Array.from({ length: processes }, () =>
      fork(join(import.meta.dirname, 'fleet-edges.ts'), [], { serialization: 'advanced' }),
    );
    for (const child of children)
      scratch.defer(async () => {
        if (!child.connected) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.disconnect();
        await ended;
      });
    const fleet = new Fleet(children);
    await fleet.#askAll((i) => ({
      t: 'join',
      origin: origin.origin.url,
      edges: edges.filter((_, at) => at % processes === i),
    }));
    return fleet;
  }

  /** The feeds are shared out. */
  follow(feeds: readonly string[]): Promise<void> {
    return this.#askAll((i) => ({ t: 'follow', url: feeds[i % feeds.length] ?? '' }));
  }

  /** When each edge showed the revision, by the machine's clock. */
  async shows(revision: number, edges: number): Promise<Map<string, number>> {
    const current = () => [...this.#shown].filter(([, shown]) => shown.revision >= revision);
    await until(
      `${edges} edges to show revision ${revision}`,
      async () => current().length >= edges,
      LONG_MS,
    );
    return new Map(current().map(([edge, { at }]) => [edge, at]));
  }

  async #askAll(message: (index: number) => ToEdges): Promise<void> {
    await Promise.all(
      this.#children.map(
        (child, i) =>
          new Promise<void>((resolve, reject) => {
            const listen = (answer: FromEdges) => {
              if (answer.t !== 'ready') return;
              child.off('message', listen);
              resolve();
            };
            child.on('message', listen);
            child.once('exit', () => reject(new Error('a process of edges ended')));
            child.send(message(i));
          }),
      ),
    );
  }
}

async function startParents(
  scratch: Scratch,
  origin: Cluster,
  url: string,
  parents: number,
): Promise<string[]> {
  const feeds: string[] = [];
  for (let i = 0; i < parents; i++) {
    const name = `parent-${i + 1}`;
    const token = (await origin.client.createToken({ scope: 'join', edge: name })).token;
    const [port = 0, adminPort = 0, feedPort = 0] = await freePorts(3);
    const ports = ['--port', port, '--admin-port', adminPort, '--feed-port', feedPort].map(String);
    const place = ['--data', join(scratch.folder, name), '--origin', url, '--join', token];
    const running = await start(
      ['edge', ...place, '--name', name, '--region', 'r', ...ports],
      /serves on \S+/,
    );
    scratch.defer(() => running.stop());
    feeds.push(`http://127.0.0.1:${feedPort}`);
  }
  return feeds;
}

async function writeFiles(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < FILES; i++)
    await writeFile(join(folder, `file-${i}.bin`), randomBytes(i < CHANGED ? CHANGED_BYTES : FILE_BYTES));
  return folder;
}

/** Uploads what changes; the returned function commits it and gives the revision. */
async function prepareChange(origin: Cluster, base: number): Promise<() => Promise<number>> {
  const call = async (method: string, path: string, body: string | Buffer, type: string) => {
    const headers = { authorization: `Bearer ${origin.token}`, 'content-type': type };
    const answer = await fetch(`${origin.origin.url}${path}`, { method, headers, body: body as string });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.status === 204 ? {} : ((await answer.json()) as Record<string, unknown>);
  };
  const contents = Array.from({ length: CHANGED }, () => randomBytes(CHANGED_BYTES));
  const files = Object.fromEntries(
    contents.map((bytes, i) => [`file-${i}.bin`, { digest: digestOf(bytes), size: bytes.length }]),
  );
  const json = 'application/json';
  const { id } = await call('POST', '/v1/sites/s/deploys', JSON.stringify({ base, files }), json);
  for (const bytes of contents)
    await call('PUT', `/v1/sites/s/objects/${digestOf(bytes)}`, bytes, 'application/octet-stream');
  return async () => Number((await call('POST', `/v1/deploys/${id}/commit`, '{}', json)).revision);
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

await withScratch((scratch) => measure(scratch, 3, 0), '/dev/shm');
await withScratch((scratch) => measure(scratch, Number(values.edges), 0), '/dev/shm');
await withScratch((scratch) => measure(scratch, Number(values.edges), Number(values.parents)), '/dev/shm');
process.stdout.write(
  `\na change of ${CHANGED} files of ${count(CHANGED_BYTES)} bytes among ${count(FILES)}; medians of ${rounds} rounds\n\n`,
);
printTable(
  [
    'fleet',
    'last edge',
    'median edge',
    'worst round',
    'origin RSS',
    'origin CPU',
    'CPU per edge',
    'idle CPU',
    'egress',
  ],
  rows,
);
