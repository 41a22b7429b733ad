import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, type Node, ON_DISK, startCluster } from '../helpers/cluster.ts';
import { ask } from '../helpers/http.ts';
import { type Random, random } from '../helpers/random.ts';
import { until } from '../helpers/until.ts';
import { createTask, drawTask, judgeTask, TaskWatch, taskOf } from './cluster-tasks.ts';

const SITE = 'site';
/** Tasks expire after this time, so that each of them ends. */
const DEADLINE_S = 240;
/** All tasks have ended by then: their deadlines have passed. */
const LONGEST_MS = (DEADLINE_S + 60) * 1000;
const FAULTS = ['kill-edge', 'stop-edge', 'freeze-edge', 'change-parent', 'kill-origin'] as const;
type FaultKind = (typeof FAULTS)[number];

interface Fleet {
  /** The first `parents` of them are parents, and the last `children` follow these. */
  readonly edges: number;
  readonly parents: number;
  readonly children: number;
}

export interface TaskRoundsOptions {
  readonly follows: Follows;
  readonly parents: number;
  readonly tasks: number;
  readonly originKills: number;
  readonly longestHarmMs: number;
  readonly seed: number;
}

export interface Outcome {
  readonly tasks: number;
  readonly shares: number;
  readonly states: Readonly<Record<string, number>>;
  readonly harm: Readonly<Record<string, number>>;
  /** Everything that must not happen and did, in words. Empty when all is well. */
  readonly faults: string[];
}

/** The parents of edges, by index. It is read when an edge starts. */
type Follows = Map<number, readonly number[]>;

/** As many edges as the options say, of which some are parents of others. */
export async function startTaskCluster({ edges, parents, children }: Fleet) {
  const follows: Follows = new Map();
  for (let i = edges - children; i < edges; i++) follows.set(i, [i % parents]);
  const cluster = await startCluster({
    ...{ edges, processes: 1, within: ON_DISK },
    args: (index, feeds) => [
      ...(index < parents ? ['--feed-port', new URL(feeds[index] ?? '').port] : []),
      ...(follows.get(index) ?? []).flatMap((parent) => ['--parent', feeds[parent] ?? '']),
    ],
  });
  return { cluster, follows };
}

/**
 * Hands out tasks of mixed kinds while edges are killed, stopped and frozen, children change their parents, and the
 * origin is killed. Then everything runs again, and each task that was acknowledged must end, with a result or a reason
 * for each share. A share that has ended once must never change.
 */
export async function taskRounds(
  cluster: Cluster,
  { follows, parents, tasks, originKills, longestHarmMs, seed }: TaskRoundsOptions,
  tell: (line: string) => void,
): Promise<Outcome> {
  const dice = random(seed);
  const edges = cluster.edges.length;
  const watch = new TaskWatch(cluster);
  const harm = new Harm(cluster, { follows, parents, longestMs: longestHarmMs }, dice);
  const stop = new AbortController();
  try {
    await publish(cluster);
    await cluster.converged(SITE, 60_000);
    const watching = watch.run(stop.signal);
    const kills = new Set(
      Array.from({ length: originKills }, (_, i) => Math.ceil(((i + 0.5) * tasks) / originKills)),
    );
    const acknowledged: number[] = [];
    for (let i = 1; i <= tasks; i++) {
      const request = drawTask(dice, edges, SITE, DEADLINE_S);
      acknowledged.push(await until('the origin to take a task', () => createTask(cluster, request), 60_000));
      harm.begin(kills.has(i) ? 'kill-origin' : undefined);
      await pause(dice.below(400));
    }
    await harm.heal();
    tell(`${acknowledged.length} of ${tasks} tasks acknowledged; all runs again`);
    await until('all tasks to end', () => watch.haveEnded(acknowledged), LONGEST_MS);
    stop.abort();
    await watching;
    const ended = await Promise.all(acknowledged.map((id) => taskOf(cluster, id)));
    return {
      tasks: ended.length,
      shares: ended.reduce((sum, { shares }) => sum + shares.length, 0),
      states: counted(ended.map(({ state }) => state)),
      harm: counted(harm.done),
      faults: [...harm.failures, ...watch.faults, ...ended.flatMap(judgeTask)],
    };
  } finally {
    stop.abort();
    await harm.heal();
  }
}

interface HarmPlan {
  readonly follows: Follows;
  readonly parents: number;
  readonly longestMs: number;
}

/** Does harm to the nodes, one harm a node at a time. */
class Harm {
  readonly done: FaultKind[] = [];
  readonly failures: string[] = [];
  readonly #busy = new Map<string, Promise<void>>();
  readonly #cluster: Cluster;
  readonly #plan: HarmPlan;
  readonly #dice: Random;

  constructor(cluster: Cluster, plan: HarmPlan, dice: Random) {
    this.#cluster = cluster;
    this.#plan = plan;
    this.#dice = dice;
  }

  begin(kind: FaultKind = this.#dice.pick(FAULTS.filter((one) => one !== 'kill-origin'))): void {
    const { origin, edges } = this.#cluster;
    const children = [...this.#plan.follows.keys()];
    const index =
      kind === 'change-parent' && children.length > 0
        ? this.#dice.pick(children)
        : this.#dice.below(edges.length);
    const node = kind === 'kill-origin' ? origin : edges[index];
    const lasts = this.#dice.below(this.#plan.longestMs);
    if (node === undefined || this.#busy.has(node.name)) return;
    this.done.push(kind);
    const over = this.#harm(kind, node, index, lasts)
      .catch((error: unknown) => void this.failures.push(`${kind} of ${node.name}: ${error}`))
      .finally(() => this.#busy.delete(node.name));
    this.#busy.set(node.name, over);
  }

  /** Resolves when no harm is in force. */
  async heal(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
  }

  async #harm(kind: FaultKind, node: Node, index: number, lasts: number): Promise<void> {
    if (kind === 'freeze-edge') {
      const { pid = 0 } = node.running ?? {};
      process.kill(pid, 'SIGSTOP');
      await pause(lasts);
      process.kill(pid, 'SIGCONT');
      return;
    }
    await node.stop(kind === 'stop-edge' || kind === 'change-parent' ? 'SIGTERM' : 'SIGKILL');
    await pause(lasts);
    if (kind === 'change-parent') {
      const all = Array.from({ length: this.#plan.parents }, (_, i) => i);
      const order = this.#dice.below(2) === 0 ? all : all.toReversed();
      this.#plan.follows.set(index, order.slice(0, this.#dice.below(this.#plan.parents + 1)));
    }
    await until(
      `${node.name} to start again`,
      () =>
        node.start().then(
          () => true,
          () => false,
        ),
      60_000,
    );
  }
}

async function publish({ client, origin, token }: Cluster): Promise<void> {
  await client.putSite(SITE);
  for (const [path, text] of [
    ['index.html', '<h1>tasks</h1>'],
    ['large.bin', 'x'.repeat(2_000_000)],
  ] as const)
    await ask(origin.url, `/v1/sites/${SITE}/files/${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: text,
    });
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
