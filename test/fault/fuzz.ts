import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { startCluster } from '../helpers/cluster.ts';
import { ask, read } from '../helpers/http.ts';
import { childrenOf } from '../helpers/process-tree.ts';
import { random } from '../helpers/random.ts';
import { writeTree } from '../helpers/tree.ts';
import { type Member, startMember } from './fuzz-member.ts';
import { type Port, type RawCase, readerCase, routeCase } from './fuzz-requests.ts';

const ROUNDS = 3;
const AT_ONCE = 24;
/** The wait for a server that does not answer because it waits for the rest of the request. */
const SILENT_MS = 800;
const HEALTH_EVERY_MS = 50;
const HEALTH_MS = 15_000;
/** Characters of the output of a role that are told after a fault. */
const LAST_WORDS = 4000;
/** Differences in memory up to these are noise. */
const NOISE = { share: 0.15, bytes: 30_000_000 };

export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /** The wait before memory is measured after a round. */
  readonly settleMs: number;
  readonly tell: (line: string) => void;
}

export interface FuzzOutcome {
  readonly cases: number;
  /** The number of answers by server and class. `none` counts connections that broke off. */
  readonly answers: ReadonlyMap<string, number>;
  /** The memory of each process after each round. */
  readonly memory: ReadonlyMap<string, readonly number[]>;
  readonly longestStallMs: number;
  readonly faults: readonly string[];
}

/**
 * Sends three rounds of malformed requests to an origin and an edge with default limits, as everybody who may send one.
 */
export async function fuzz({ cases, seed, settleMs, tell }: FuzzOptions): Promise<FuzzOutcome> {
  const cluster = await startCluster({
    edges: 1,
    args: (index, feeds) => ['--feed-port', new URL(feeds[index] ?? '').port],
  });
  const faults: string[] = [];
  const answers = new Map<string, number>();
  const count = (what: string) => answers.set(what, (answers.get(what) ?? 0) + 1);
  let member: Member | undefined;
  try {
    const [edge] = cluster.edges;
    const { pid: originPid } = cluster.origin.running ?? {};
    const { pid: edgePid } = edge?.running ?? {};
    if (edge === undefined || originPid === undefined || edgePid === undefined)
      throw new Error('nothing runs');
    const folder = await writeTree(join(cluster.folder, 'www'), {
      ...{ 'index.html': 'home', 'a.css': 'a {}', 'large.bin': 'x'.repeat(300_000) },
    });
    const published = await cluster.skerry('publish', folder, '--site', 'www', '--wait');
    if (published.code !== 0) throw new Error(published.stderr);

    const processes = new Map([
      ['origin', originPid],
      ['edge', edgePid],
      ...(await childrenOf(edgePid)).map((pid, i) => [`serving ${i + 1}`, pid] as const),
    ]);
    member = await startMember(cluster, edge.feedUrl);
    const tokens = await tokensOf(cluster.client, cluster.token);
    const urls = { origin: cluster.origin.url, feed: edge.feedUrl, admin: edge.adminUrl, serving: edge.url };
    const health = watchHealth([urls.origin, urls.admin], faults);
    const memory = new Map([...processes.keys()].map((name) => [name, [] as number[]]));
    const asMember = member;
    let next = 0;
    const run = async (last: number) => {
      while (next < last && faults.length === 0) {
        const number = next++;
        const chance = random(seed + number * 7919);
        const kind = chance.below(20);
        if (kind < 3) count(`member ${await asMember.ask(seed + number)}`);
        else {
          const sent = kind < 8 ? readerCase(chance) : routeCase(chance, tokens);
          count(`${sent.port} ${await answerTo(sent, urls)}`);
        }
        for (const name of await ended(processes))
          faults.push(`${name} ended at case ${number} of seed ${seed}`);
      }
    };
    for (let round = 1; round <= ROUNDS && faults.length === 0; round++) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => run(Math.floor((cases * round) / ROUNDS))));
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      for (const [name, pid] of processes) memory.get(name)?.push(await residentBytes(pid));
      const { status } = await read(edge.url, 'www', 'a.css').catch(() => ({ status: 0 }));
      if (status !== 200) faults.push(`a reader was answered ${status} after round ${round} of seed ${seed}`);
      tell(`round ${round}: ${next} cases`);
    }
    const longestStallMs = await health.stop();
    if (faults.length > 0)
      for (const { name, running } of [cluster.origin, edge])
        tell(`the last words of ${name}: ${running?.output().stderr.slice(-LAST_WORDS)}`);
    for (const [name, [, before = 0, after = 0]] of memory)
      if (after - before > Math.max(NOISE.bytes, before * NOISE.share))
        faults.push(`${name} grew from ${megabytes(before)} to ${megabytes(after)} with seed ${seed}`);
    return { cases: next, answers, memory, longestStallMs, faults };
  } finally {
    await member?.close();
    await cluster.close();
  }
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

async function tokensOf(
  client: { createToken(request: { scope: string }): Promise<{ token: string }> },
  admin: string,
): Promise<string[]> {
  const scopes = ['read', 'publish:www', 'publish:none', 'join'];
  const made = await Promise.all(scopes.map((scope) => client.createToken({ scope })));
  return ['', 'nonsense', 'sk_00.aa.bb', admin, ...made.map(({ token }) => token)];
}

/** The class of the first answer. `none` when no answer arrives in time. */
function answerTo({ port, bytes }: RawCase, urls: Record<Port, string>): Promise<string> {
  const { hostname, port: number } = new URL(urls[port]);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(number) });
    let text = '';
    const finish = () => {
      socket.destroy();
      const status = [...text.matchAll(/HTTP\/1\.1 (\d)\d\d/g)]
        .map(([, digit]) => digit)
        .find((digit) => digit !== '1');
      resolve(status === undefined ? 'none' : `${status}xx`);
    };
    socket.setTimeout(SILENT_MS, finish);
    socket.on('error', finish);
    socket.on('close', finish);
    socket.on('data', (piece: Buffer) => {
      if (text.length < 10_000) text += piece.toString('latin1');
      if (isWhole(text)) finish();
    });
    socket.write(bytes);
  });
}

/** Whether the first final answer has arrived, as opposed to an interim one. */
function isWhole(text: string): boolean {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  return (
    rest.length > 0 && !head.startsWith('HTTP/1.1 1') && rest.join('\r\n\r\n').length >= Number(length ?? 0)
  );
}

async function ended(processes: ReadonlyMap<string, number>): Promise<string[]> {
  return [...processes].filter(([, pid]) => !isAlive(pid)).map(([name]) => name);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) * 1024;
}

/** Requests /healthz all the time. A server that is silent for too long is a fault. */
function watchHealth(urls: readonly string[], faults: string[]) {
  let isStopped = false;
  let longest = 0;
  const watching = urls.map(async (url) => {
    while (!isStopped) {
      const began = performance.now();
      const late = setTimeout(
        () => faults.push(`${url} did not answer /healthz for ${HEALTH_MS} ms`),
        HEALTH_MS,
      );
      const status = await ask(url, '/healthz').then(
        (answer) => answer.status,
        () => 0,
      );
      clearTimeout(late);
      if (status !== 200) faults.push(`${url} answered /healthz with ${status}`);
      longest = Math.max(longest, performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, HEALTH_EVERY_MS));
    }
  });
  return {
    async stop() {
      isStopped = true;
      await Promise.all(watching);
      return longest;
    },
  };
}
