import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Cluster } from '../test/helpers/cluster.ts';
import { freePorts } from '../test/helpers/free-ports.ts';
import { ask } from '../test/helpers/http.ts';
import { start } from '../test/helpers/processes.ts';
import { until } from '../test/helpers/until.ts';
import type { FleetStatus, FromEdges, ToEdges } from './fleet-edges.ts';
import type { Scratch } from './scratch.ts';

const LONG_MS = 120_000;

/** Edges that share a few processes. */
export class Fleet {
  readonly names: readonly string[];
  readonly #children: readonly ChildProcess[];
  readonly #shown = new Map<string, { revision: number; at: number }>();

  private constructor(names: readonly string[], children: readonly ChildProcess[]) {
    this.names = names;
    this.#children = children;
    for (const child of children) {
      child.on('message', (message: FromEdges) => {
        if (message.t === 'shown') this.#shown.set(message.edge, message);
      });
    }
  }

  static async start(
    scratch: Scratch,
    origin: Cluster,
    count: number,
    processes: number,
    execArgv: readonly string[] = [],
  ): Promise<Fleet> {
    const names = Array.from({ length: count }, (_, i) => `fleet-${i + 1}`);
    const edges: { name: string; token: string }[] = [];
    for (const name of names)
      edges.push({ name, token: (await origin.client.createToken({ scope: 'join', edge: name })).token });
    // Without this, an edge whose upstream ends first would report each failed attempt to connect again.
    const env = { ...process.env, SKERRY_LOG: process.env.SKERRY_LOG ?? 'fatal' };
    const children = Array.from({ length: Math.min(processes, count) }, () =>
      fork(join(import.meta.dirname, 'fleet-edges.ts'), [], {
        serialization: 'advanced',
        execArgv: [...execArgv],
        env,
      }),
    );
    for (const child of children)
      scratch.defer(async () => {
        if (!child.connected) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.disconnect();
        await ended;
      });
    const fleet = new Fleet(names, children);
    await fleet.#askAll((i) => ({ t: 'join', origin: origin.origin.url, edges: fleet.#share(edges, i) }));
    return fleet;
  }

  get pids(): number[] {
    return this.#children.flatMap(({ pid }) => pid ?? []);
  }

  /** Distributes the feeds, of parents or of the origin, among the edges. */
  async follow(feeds: readonly string[], areOrigin: boolean): Promise<void> {
    const urls = this.names.map((_, i) => feeds[i % feeds.length] ?? '');
    await this.#askAll((i) => ({ t: 'follow', urls: this.#share(urls, i), areOrigin }));
  }

  /** The time on the machine's clock at which each edge showed the revision. */
  async shows(revision: number): Promise<Map<string, number>> {
    const current = () => [...this.#shown].filter(([, shown]) => shown.revision >= revision);
    await until(
      `${this.names.length} edges to show revision ${revision}`,
      () => current().length >= this.names.length,
      LONG_MS,
    );
    return new Map(current().map(([edge, { at }]) => [edge, at]));
  }

  async status(site: string): Promise<FleetStatus[]> {
    const answers = await this.#askAll(() => ({ t: 'status', site }));
    return answers.flatMap((answer) => (answer.t === 'status' ? answer.edges : []));
  }

  /** The part of a list, in the order of all edges, that belongs to the edges of one process. */
  #share<T>(all: readonly T[], process: number): T[] {
    return all.filter((_, at) => at % this.#children.length === process);
  }

  #askAll(message: (index: number) => ToEdges): Promise<Exclude<FromEdges, { t: 'shown' }>[]> {
    return Promise.all(
      this.#children.map(
        (child, i) =>
          new Promise<Exclude<FromEdges, { t: 'shown' }>>((resolve, reject) => {
            const settle = () => {
              child.off('message', listen);
              child.off('exit', ended);
            };
            const listen = (answer: FromEdges) => {
              if (answer.t === 'shown') return;
              settle();
              resolve(answer);
            };
            const ended = () => {
              settle();
              reject(new Error('a process of edges ended'));
            };
            child.on('message', listen);
            child.once('exit', ended);
            child.send(message(i));
          }),
      ),
    );
  }
}

export interface Parent {
  readonly name: string;
  readonly pid: number;
  readonly feedUrl: string;
}

/** Starts edges as real processes that others can follow. Each has stored the whole log. */
export async function startParents(
  scratch: Scratch,
  origin: Cluster,
  originUrl: string,
  count: number,
): Promise<Parent[]> {
  const parents: Parent[] = [];
  for (let i = 0; i < count; i++) {
    const name = `parent-${i + 1}`;
    const token = (await origin.client.createToken({ scope: 'join', edge: name })).token;
    const [port = 0, adminPort = 0, feedPort = 0] = await freePorts(3);
    const ports = ['--port', port, '--admin-port', adminPort, '--feed-port', feedPort].map(String);
    const place = ['--data', join(scratch.folder, name), '--origin', originUrl, '--join', token];
    const starting = start(['edge', ...place, '--name', name, '--region', 'r', ...ports], /serves on \S+/);
    // An interruption during the start must end the process, too.
    scratch.defer(() =>
      starting.then(
        (running) => running.stop(),
        () => {},
      ),
    );
    const { pid } = await starting;
    const { origin: head } = await origin.client.status();
    // Until then the parent knows no members and refuses its children.
    await until(`${name} to hold the log`, async () => {
      const { position } = JSON.parse(
        (await ask(`http://127.0.0.1:${adminPort}`, '/status')).body.toString(),
      );
      return position >= head.seq;
    });
    parents.push({ name, pid, feedUrl: `http://127.0.0.1:${feedPort}` });
  }
  return parents;
}
