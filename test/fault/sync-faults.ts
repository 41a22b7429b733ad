import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster, Node } from '../helpers/cluster.ts';
import type { Random } from '../helpers/random.ts';
import type { TcpProxy } from '../helpers/tcp-proxy.ts';

export const EDGE_FAULTS = [
  'kill-edge',
  'kill-replicator',
  'kill-serving',
  'stop-replicator',
  'stop-serving',
  'stop-all',
  'orphan-stopped',
  'cut',
  'freeze',
] as const;
export type FaultKind = (typeof EDGE_FAULTS)[number] | 'kill-origin';

/** A planned fault. `at` counts from the beginning of its round. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /** The index of the edge, or -1 for the origin. */
  readonly edge: number;
  readonly at: number;
  readonly lasts: number;
}

/** The period in which a fault was in force, on the clock of `performance.now`. */
export interface Span {
  readonly kind: FaultKind;
  readonly edge: string;
  readonly from: number;
  /** Just before the fault was lifted. A killed edge is started after this time. */
  readonly to: number;
  /** True if no report of the edge can have reached the origin, and no answer the edge. */
  readonly isCutOff: boolean;
}

const RETRY_MS = 150;
const LONGEST_START_MS = 45_000;

export class Faults {
  readonly spans: Span[] = [];
  /** Recoveries that failed, in words. */
  readonly failures: string[] = [];
  readonly counts = new Map<FaultKind, number>();
  /** How many starts of edges failed because an orphaned serving process still listened. */
  refusedStarts = 0;
  readonly #cluster: Cluster;
  readonly #proxies: readonly TcpProxy[];
  readonly #dice: Random;
  readonly #busy = new Map<string, Promise<void>>();
  readonly #orphans = new Set<number>();

  constructor(cluster: Cluster, proxies: readonly TcpProxy[], dice: Random) {
    this.#cluster = cluster;
    this.#proxies = proxies;
    this.#dice = dice;
  }

  /** Begins a fault, unless one is already in force at that node. */
  begin({ kind, edge: index, lasts }: PlannedFault): boolean {
    const node = index < 0 ? this.#cluster.origin : this.#cluster.edges[index];
    if (node === undefined || this.#busy.has(node.name)) return false;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    const done = this.#run(kind, node, this.#proxies[index], lasts)
      .catch((error: unknown) => void this.failures.push(`${kind} of ${node.name}: ${error}`))
      .finally(() => this.#busy.delete(node.name));
    this.#busy.set(node.name, done);
    return true;
  }

  get isOriginDown(): boolean {
    return this.#busy.has(this.#cluster.origin.name);
  }

  /** Resolves when no fault is in force. */
  async over(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
  }

  /** The serving processes that still live although their replicator was killed. */
  survivors(): number[] {
    return [...this.#orphans].filter((pid) => isServing(pid));
  }

  async #run(kind: FaultKind, node: Node, proxy: TcpProxy | undefined, lasts: number): Promise<void> {
    const pid = node.running?.pid ?? 0;
    const serving = kind === 'kill-origin' ? [] : childrenOf(pid);
    const one = serving.length === 0 ? 0 : this.#dice.pick(serving);
    const span = (isCutOff: boolean) => {
      const from = performance.now();
      return () => this.spans.push({ kind, edge: node.name, from, to: performance.now(), isCutOff });
    };
    const end = async (isCutOff: boolean) => {
      const close = span(isCutOff);
      await pause(lasts);
      close();
    };
    switch (kind) {
      case 'kill-origin':
        await node.stop('SIGKILL');
        await end(false);
        return this.#revive(node);
      case 'kill-edge':
        for (const each of [pid, ...serving]) signal(each, 'SIGKILL');
        await end(true);
        return this.#revive(node);
      case 'kill-replicator':
        for (const each of serving) this.#orphans.add(each);
        signal(pid, 'SIGKILL');
        await end(true);
        return this.#revive(node);
      case 'orphan-stopped': {
        for (const each of serving) this.#orphans.add(each);
        signal(one, 'SIGSTOP');
        await pause(this.#dice.below(300));
        signal(pid, 'SIGKILL');
        const close = span(true);
        const revived = pause(lasts / 2).then(() => {
          close();
          return this.#revive(node);
        });
        await pause(lasts);
        signal(one, 'SIGCONT');
        return revived;
      }
      case 'kill-serving':
        return signal(one, 'SIGKILL');
      case 'stop-serving':
        signal(one, 'SIGSTOP');
        await end(false);
        return signal(one, 'SIGCONT');
      case 'stop-replicator':
        signal(pid, 'SIGSTOP');
        await end(true);
        return signal(pid, 'SIGCONT');
      case 'stop-all': {
        const all = [pid, ...serving];
        if (this.#dice.below(2) === 0) all.reverse();
        for (const each of all) signal(each, 'SIGSTOP');
        await end(true);
        if (this.#dice.below(2) === 0) all.reverse();
        for (const each of all) {
          signal(each, 'SIGCONT');
          await pause(this.#dice.below(200));
        }
        return;
      }
      case 'cut':
        await proxy?.cut();
        await end(true);
        return proxy?.restore();
      case 'freeze':
        proxy?.freeze();
        await end(true);
        return proxy?.thaw();
    }
  }

  /** Starts a node again and again until it runs, as a supervisor does. */
  async #revive(node: Node): Promise<void> {
    node.running = undefined;
    const until = performance.now() + LONGEST_START_MS;
    while (true) {
      try {
        return await node.start();
      } catch (error) {
        if (/in use/.test(String(error))) this.refusedStarts++;
        if (performance.now() > until) throw error;
        await pause(RETRY_MS);
      }
    }
  }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').map(Number).filter(isServing);
  } catch {
    return [];
  }
}

function isServing(pid: number): boolean {
  try {
    return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('serve/main');
  } catch {
    return false;
  }
}

/** A process that has already ended needs no signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(pid, name);
  } catch {}
}
