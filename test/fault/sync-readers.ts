import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Node } from '../helpers/cluster.ts';
import type { Random } from '../helpers/random.ts';
import { type Contents, markerOf, type Path } from './sync-content.ts';
import { HOLDS } from './sync-plan.ts';

/** One answer of an edge as a reader saw it; times are those of `performance.now` in this process. */
export interface Read {
  readonly edge: string;
  readonly site: string;
  readonly path: Path;
  readonly reader: string;
  /** The time before the first byte of the request was sent. */
  readonly begun: number;
  /** The time after the last byte of the answer arrived. */
  readonly ended: number;
  readonly status: number;
  /** The revision in the header. 0 without one. */
  readonly revision: number;
  /** The publish that the body names. Empty when the answer was no file. */
  readonly marker: string;
  /** A fault that the answer shows by itself. Empty when there is none. */
  readonly wrong: string;
}

interface Habit {
  readonly name: string;
  /** How many requests a connection is used for at most. */
  readonly most: number;
  readonly timeoutMs: number;
  /** The pause between the two parts of a request. 0 sends it in one part. */
  readonly slowMs: number;
}

/**
 * Four kinds of readers: one keeps its connection for ever, one does the same on a slow line, so its connection is
 * hardly ever idle, one connects anew now and then, and one connects anew nearly each time.
 */
const HABITS: readonly Habit[] = [
  { name: 'sticky', most: Number.POSITIVE_INFINITY, timeoutMs: 20_000, slowMs: 0 },
  { name: 'slow', most: Number.POSITIVE_INFINITY, timeoutMs: 20_000, slowMs: 25 },
  { name: 'browsing', most: 20, timeoutMs: 1500, slowMs: 0 },
  { name: 'dialling', most: 2, timeoutMs: 1500, slowMs: 0 },
];

const AFTER_FAILURE_MS = 15;

export interface ReadersOptions {
  readonly edges: readonly Node[];
  readonly sites: readonly string[];
  readonly contents: Contents;
  readonly dice: Random;
  readonly reads: Read[];
  /** The pause of a reader between two requests. */
  readonly betweenMs: number;
  readonly signal: AbortSignal;
}

/** Polls every edge until the signal aborts. */
export async function pollAll(options: ReadersOptions): Promise<void> {
  await Promise.all(options.edges.flatMap((edge) => HABITS.map((habit) => poll(edge, habit, options))));
}

async function poll(edge: Node, habit: Habit, options: ReadersOptions): Promise<void> {
  const { sites, dice, reads, betweenMs, signal } = options;
  let agent = dial(habit);
  let left = habit.most;
  while (!signal.aborted) {
    const site = dice.pick(sites);
    const path = pathOf(site, dice);
    const read = await ask(edge, habit, site, path, agent, options);
    if (read !== undefined) reads.push(read);
    if (read === undefined || --left <= 0) {
      agent.destroy();
      agent = dial(habit);
      left = habit.most === Number.POSITIVE_INFINITY ? habit.most : 1 + dice.below(habit.most);
    }
    await pause(read === undefined ? AFTER_FAILURE_MS : betweenMs);
  }
  agent.destroy();
}

/** Picks a path. The large file is picked now and then. */
function pathOf(site: string, dice: Random): Path {
  const path = dice.pick(HOLDS[site] ?? []);
  return path === 'big.bin' && dice.below(8) > 0 ? 'index.html' : path;
}

function dial({ slowMs }: Habit): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  if (slowMs > 0) agent.createConnection = (options) => slowly(connect(options as NetConnectOpts), slowMs);
  return agent;
}

function slowly(socket: Socket, ms: number): Socket {
  const write = socket.write.bind(socket);
  // The HTTP client writes the whole head in one string, which ends the request.
  socket.write = (data: string | Uint8Array, ...rest: unknown[]) => {
    const bytes = Buffer.from(data as string, 'latin1');
    const half = Math.ceil(bytes.length / 2);
    write(bytes.subarray(0, half));
    const written = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
    setTimeout(() => write(bytes.subarray(half), written), ms);
    return true;
  };
  return socket;
}

/** Sends a request. Resolves with undefined when no whole answer arrives. */
function ask(
  edge: Node,
  { name, timeoutMs }: Habit,
  site: string,
  path: Path,
  agent: Agent,
  { contents, signal }: ReadersOptions,
): Promise<Read | undefined> {
  return new Promise((resolve) => {
    const begun = performance.now();
    const target = {
      agent,
      path: `/${path}`,
      headers: { host: `${site}.localhost` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    };
    const sent = request(edge.url, target, (response) => {
      const hash = createHash('sha256');
      let first = Buffer.alloc(0);
      response.on('data', (part: Buffer) => {
        if (first.length < 80) first = Buffer.concat([first, part.subarray(0, 200)]);
        hash.update(part);
      });
      response.on('error', () => resolve(undefined));
      response.on('close', () => resolve(undefined));
      response.on('end', () => {
        if (!response.complete) return resolve(undefined);
        const status = response.statusCode ?? 0;
        const header = /^([a-z]+)@(\d+)$/.exec(String(response.headers['skerry-revision'] ?? ''));
        const revision = header?.[1] === site ? Number(header[2]) : 0;
        const marker = status === 200 ? markerOf(first) : '';
        resolve({
          ...{ edge: edge.name, site, path, reader: name, begun, ended: performance.now() },
          ...{ status, revision, marker },
          wrong: wrongIn(status, revision, first, () => contents.isWhole(marker, path, hash.digest('hex'))),
        });
      });
    });
    sent.on('error', () => resolve(undefined));
    sent.end();
  });
}

function wrongIn(status: number, revision: number, first: Buffer, isWhole: () => boolean): string {
  if (status === 503 && revision === 0 && /lost its origin/.test(first.toString())) return '';
  if (status !== 200) return `status ${status}: ${first.toString().trim().slice(0, 60)}`;
  if (revision === 0) return 'no Skerry-Revision';
  return isWhole() ? '' : 'its bytes are not those of the publish that it names';
}
