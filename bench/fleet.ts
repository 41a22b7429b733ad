/**
 * `npm run bench:fleet [-- --edges 200] [--parents 4] [--rounds 9]`: sends a change of 100 KB to a fleet, with all data
 * in memory. Measures the time from sending the commit until the last edge shows it, and what it costs the origin in
 * CPU time, memory and bytes; then the time from creating a task for all edges until the origin has stored the last
 * result. The edges share a few processes; each parent has its own process. At the end, the state of each edge is
 * checked.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { machineTime } from '../shared/clock.ts';
import { digestOf } from '../shared/content/digest.ts';
import type { RevisionWithReceipts } from '../shared/wire/api.ts';
import type { TaskDetail, TaskList } from '../shared/wire/task-api.ts';
import type { Cluster } from '../test/helpers/cluster.ts';
import { startProxy } from '../test/helpers/tcp-proxy.ts';
import { until } from '../test/helpers/until.ts';
import { count, megabytes } from './figures.ts';
import { countLoad, peakBytes } from './fleet-load.ts';
import { Fleet, startParents } from './fleet-processes.ts';
import { publish, quiet, startOrigin } from './proxied-edge.ts';
import { type Scratch, withScratch } from './scratch.ts';
import { median, milliseconds, printTable } from './table.ts';

const { values } = parseArgs({
  options: {
    edges: { type: 'string', default: '200' },
    parents: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '9' },
    processes: { type: 'string', default: '4' },
    /** A folder for CPU profiles of the processes that run the edges. */
    profile: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const MEMORY = '/dev/shm';
const SITE = 's';
const FILES = 1000;
const FILE_BYTES = 2000;
const CHANGED = 5;
const CHANGED_BYTES = 20_000;
const LONG_MS = 120_000;
const IDLE_SECONDS = 5;
/**
 * The wait for reports and receipts, which arrive after a revision is visible. Polling for them would cost the origin
 * more than they do.
 */
const SETTLE_MS = 500;

const rows: string[][] = [];

async function measure(scratch: Scratch, edges: number, parentCount: number): Promise<void> {
  process.stderr.write(`${edges} edges, ${parentCount} parents …\n`);
  const origin = await startOrigin(scratch);
  const pid = origin.origin.running?.pid ?? 0;
  const { hostname: host, port } = new URL(origin.origin.url);
  const proxy = await startProxy({ target: { host, port: Number(port) } });
  scratch.defer(() => proxy.close());
  const profile = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const fleet = await Fleet.start(scratch, origin, edges, Number(values.processes), profile);
  const parents = await startParents(scratch, origin, proxy.url, parentCount);
  const feeds = parents.map(({ feedUrl }) => feedUrl);
  if (parentCount === 0) await fleet.follow([origin.origin.url], true);
  else await fleet.follow(feeds, false);
  const names = [...fleet.names, ...parents.map(({ name }) => name)];

  const tree = await writeFiles(join(scratch.folder, 'tree'));
  let revision = await publish(origin, SITE, tree);
  await fleet.shows(revision);
  await confirmed(origin, revision, names);

  const lasts: number[] = [];
  const middles: number[] = [];
  const spent = { origin: 0, edges: 0, others: 0, seconds: 0 };
  for (let round = 0; round < rounds; round++) {
    await sleep(500);
    const commit = await prepareChange(origin, revision);
    const load = countLoad(pid, [...fleet.pids, ...parents.map((parent) => parent.pid)]);
    const began = machineTime();
    revision = await commit();
    const times = [...(await fleet.shows(revision)).values()].map((at) => at - began);
    await sleep(SETTLE_MS);
    const { origin: byOrigin, edges: byEdges, others } = load();
    spent.origin += byOrigin;
    spent.edges += byEdges;
    spent.others += others;
    spent.seconds += (machineTime() - began) / 1000;
    await confirmed(origin, revision, names);
    lasts.push(Math.max(...times));
    middles.push(median(times));
  }
  await sleep(1000);
  const idle = countLoad(pid, []);
  await sleep(IDLE_SECONDS * 1000);
  const idleShare = idle().origin / IDLE_SECONDS;

  const taskTimes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await sleep(500);
    const asked = machineTime();
    const ended = await taskForAll(origin, names);
    taskTimes.push(ended - asked);
  }

  // The proxy that counts passes every byte through one more process, so bytes are not counted in the timed rounds.
  if (parentCount === 0) await fleet.follow([proxy.url], true);
  await quietly(proxy);
  const commit = await prepareChange(origin, revision);
  const sentBefore = proxy.bytesDown;
  revision = await commit();
  await fleet.shows(revision);
  await confirmed(origin, revision, names);
  const egress = proxy.bytesDown - sentBefore;
  await judge(origin, fleet, revision, names);

  const originMs = (spent.origin / rounds) * 1000;
  rows.push([
    parentCount === 0 ? `${edges} edges` : `${edges} edges under ${parentCount} parents`,
    milliseconds(median(lasts)),
    milliseconds(median(middles)),
    milliseconds(Math.max(...lasts)),
    megabytes(peakBytes(pid)),
    `${originMs.toFixed(0)} ms`,
    `${(originMs / edges).toFixed(1)} ms`,
    `${((spent.edges / rounds / edges) * 1000).toFixed(1)} ms`,
    `${(idleShare * 100).toFixed(1)} %`,
    milliseconds(median(taskTimes)),
    milliseconds(Math.max(...taskTimes)),
    `${count(egress)} bytes`,
    `${((spent.others / spent.seconds) * 100).toFixed(0)} %`,
  ]);
}

/** Waits for 5 seconds at most, because the heartbeats of a fleet keep the wire busy all the time. */
async function quietly(proxy: Parameters<typeof quiet>[0]): Promise<void> {
  await Promise.race([quiet(proxy).catch(() => {}), sleep(5000)]);
}

async function revisionOf({ origin, token }: Cluster, revision: number): Promise<RevisionWithReceipts> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${origin.url}/v1/sites/${SITE}/revisions/${revision}`, { headers });
  return (await answer.json()) as RevisionWithReceipts;
}

/** Resolves when the origin has stored the receipts of all edges. */
async function confirmed(origin: Cluster, revision: number, names: readonly string[]): Promise<void> {
  await until(
    `the receipts of ${names.length} edges`,
    async () => (await revisionOf(origin, revision)).receipts.length >= names.length,
    LONG_MS,
  );
}

/** Gives every edge a task that needs no work. Resolves with the time when the origin had stored the last result. */
async function taskForAll(origin: Cluster, names: readonly string[]): Promise<number> {
  const headers = { authorization: `Bearer ${origin.token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({
    ...{ kind: 'sync-now', args: {}, target: { all: true } },
  });
  const created = await fetch(`${origin.origin.url}/v1/tasks`, { method: 'POST', headers, body });
  if (created.status !== 201) throw new Error(`POST /v1/tasks: ${await created.text()}`);
  const { id } = (await created.json()) as { id: number };
  const read = async <T>(path: string) =>
    (await (await fetch(`${origin.origin.url}/v1/tasks${path}`, { headers })).json()) as T;
  while (true) {
    // A page of shares would cost the origin more than the work that is measured.
    const { tasks } = await read<TaskList>('?kind=sync-now');
    const state = tasks.find((task) => task.id === id)?.state;
    if (state === 'done') {
      const ended = machineTime();
      let shares = 0;
      for (let from: number | null = 0; from !== null; ) {
        const page: TaskDetail = await read(`/${id}?from=${from}`);
        shares += page.shares.length;
        from = page.next;
      }
      if (shares < names.length) throw new Error(`only ${shares} edges had a share`);
      return ended;
    }
    if (state !== 'queued' && state !== 'assigned' && state !== 'running')
      throw new Error(`the task is ${state}`);
    await sleep(20);
  }
}

/** Throws unless every edge is at the head, with the signed root and all objects, and the origin has its receipt. */
async function judge(
  origin: Cluster,
  fleet: Fleet,
  revision: number,
  names: readonly string[],
): Promise<void> {
  const { root, receipts } = await revisionOf(origin, revision);
  const { seq } = (await origin.client.status()).origin;
  const wrong = (await fleet.status(SITE)).filter(
    (edge) =>
      edge.position !== seq ||
      edge.head !== seq ||
      edge.revision !== revision ||
      edge.root !== root ||
      edge.missing > 0,
  );
  if (wrong.length > 0)
    throw new Error(`not at ${SITE}@${revision} ${root}, record ${seq}: ${JSON.stringify(wrong)}`);
  const signed = new Set(receipts.filter((receipt) => receipt.root === root).map(({ edge }) => edge));
  const silent = names.filter((name) => !signed.has(name));
  if (silent.length > 0) throw new Error(`no receipts of ${silent.join(', ')}`);
}

async function writeFiles(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < FILES; i++)
    await writeFile(join(folder, `file-${i}.bin`), randomBytes(i < CHANGED ? CHANGED_BYTES : FILE_BYTES));
  return folder;
}

/** Uploads the changed files. The returned function commits them and returns the revision. */
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
  const { id } = await call('POST', `/v1/sites/${SITE}/deploys`, JSON.stringify({ base, files }), json);
  for (const bytes of contents)
    await call('PUT', `/v1/sites/${SITE}/objects/${digestOf(bytes)}`, bytes, 'application/octet-stream');
  return async () => Number((await call('POST', `/v1/deploys/${id}/commit`, '{}', json)).revision);
}

const edges = Number(values.edges);
await withScratch((scratch) => measure(scratch, 3, 0), MEMORY);
await withScratch((scratch) => measure(scratch, edges, 0), MEMORY);
await withScratch((scratch) => measure(scratch, edges, Number(values.parents)), MEMORY);
process.stdout.write(
  `\na change of ${CHANGED} files of ${count(CHANGED_BYTES)} bytes among ${count(FILES)}; medians of ${rounds} rounds, CPU time per publish; ${cpus().length} processors\n\n`,
);
printTable(
  [
    'fleet',
    'last edge',
    'median edge',
    'worst round',
    'origin peak RSS',
    'origin CPU',
    'of it per edge',
    'CPU of an edge',
    'idle origin CPU',
    'task for all',
    'worst task',
    'egress',
    'CPU of others',
  ],
  rows,
);
process.stdout.write(
  '\nEvery edge stood at the head, with the signed root and all objects, and its receipt was stored.\n',
);
