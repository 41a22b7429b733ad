import { setTimeout as pause } from 'node:timers/promises';
import type { EventPage } from '../../shared/wire/event.ts';
import type { Cluster } from '../helpers/cluster.ts';
import { ask } from '../helpers/http.ts';
import type { Random } from '../helpers/random.ts';

interface Share {
  readonly share: number;
  readonly edge: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly result: { readonly code?: string; readonly message?: string } | null;
}

export interface Task {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly deadline: number;
  readonly shares: readonly Share[];
}

const ENDED = ['done', 'failed', 'expired'];
const LOOK_MS = 200;

/** Everything that is wrong with a task that should have ended. */
export function judgeTask({ id, kind, state, shares }: Task): string[] {
  const name = `task ${id} (${kind})`;
  if (!ENDED.includes(state)) return [`${name} is ${state}`];
  if (shares.length === 0) return [`${name} has no shares`];
  return shares.flatMap((share) => {
    const place = `${name}, share ${share.share} of ${share.edge}`;
    if (share.result === null) return [`${place} is ${share.state} without a result`];
    if (share.state === 'done') return share.attempts > 0 ? [] : [`${place} is done without an attempt`];
    if (state === 'done') return [`${place} is ${share.state}, and the task is done`];
    return share.result.code && share.result.message ? [] : [`${place} is ${share.state} without a reason`];
  });
}

/** Looks at all tasks again and again, and notes a share that changes after it has ended. */
export class TaskWatch {
  readonly faults: string[] = [];
  /** Tasks that somebody has cancelled or retried. Only what is done may not change in them. */
  readonly changed = new Set<number>();
  readonly #cluster: Cluster;
  readonly #tasks = new Map<number, Task>();
  readonly #ends = new Map<string, string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // The origin may be dead right now.
      await this.#look().catch(() => {});
      await pause(LOOK_MS);
    }
  }

  haveEnded(ids: readonly number[]): boolean {
    return ids.every((id) => ENDED.includes(this.#tasks.get(id)?.state ?? ''));
  }

  async #look(): Promise<void> {
    const { tasks } = await call<{ tasks: Task[] }>(this.#cluster, 'GET', '/v1/tasks');
    for (const { id } of tasks) {
      if (this.haveEnded([id]) && !this.changed.has(id)) continue;
      const task = await taskOf(this.#cluster, id);
      this.#tasks.set(id, task);
      for (const share of task.shares) this.#note(task, share);
    }
  }

  #note({ id }: Task, { share, edge, state, result }: Share): void {
    const key = `${id}/${share}`;
    const end = JSON.stringify([edge, state, result]);
    const before = this.#ends.get(key);
    if (before !== undefined && before !== end)
      this.faults.push(`share ${key} ended twice: ${before}, then ${end}`);
    if (state === 'done' || (ENDED.includes(state) && !this.changed.has(id))) this.#ends.set(key, end);
    else if (this.changed.has(id) && state !== 'done') this.#ends.delete(key);
  }
}

export interface TasksBesideOptions {
  readonly site: string;
  readonly deadlineSeconds: number;
  /** How long tasks that have not ended are waited for at the end. The others must end by their deadlines. */
  readonly patienceMs: number;
}

/** Tasks beside the other steps of a suite: some are cancelled and retried, and all are judged at the end. */
export class TasksBeside {
  /** The tasks that the origin has acknowledged. */
  readonly ids: number[] = [];
  readonly #cluster: Cluster;
  readonly #options: TasksBesideOptions;
  readonly #dice: Random;
  readonly #watch: TaskWatch;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  constructor(cluster: Cluster, options: TasksBesideOptions, dice: Random) {
    this.#cluster = cluster;
    this.#options = options;
    this.#dice = dice;
    this.#watch = new TaskWatch(cluster);
    this.#watching = this.#watch.run(this.#stop.signal);
  }

  /** Hands out a task, and now and then cancels or retries one. The origin may be dead. */
  async step(): Promise<void> {
    const { site, deadlineSeconds } = this.#options;
    const request = drawTask(this.#dice, this.#cluster.edges.length, site, deadlineSeconds);
    const id = await createTask(this.#cluster, request);
    if (id !== undefined) this.ids.push(id);
    if (this.ids.length === 0 || this.#dice.below(3) > 0) return;
    const other = this.#dice.pick(this.ids.slice(-3));
    const verb = this.#dice.pick(['cancel', 'retry']);
    this.#watch.changed.add(other);
    await call(this.#cluster, 'POST', `/v1/tasks/${other}/${verb}`).catch(() => {});
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  /** Waits for the ends. Resolves with everything that must not happen and did. */
  async judge(): Promise<string[]> {
    const { patienceMs } = this.#options;
    const until = performance.now() + patienceMs;
    let tasks = await this.#all();
    while (tasks.some(isOpen) && performance.now() < until) {
      await pause(LOOK_MS);
      tasks = await this.#all();
    }
    await this.close();
    return [
      ...this.#watch.faults,
      ...tasks.flatMap((task) => this.#judge(task)),
      ...(await this.#events(tasks)),
    ];
  }

  #all(): Promise<Task[]> {
    return Promise.all(this.ids.map((id) => taskOf(this.#cluster, id)));
  }

  #judge(task: Task): string[] {
    if (task.state === 'cancelled' && this.#watch.changed.has(task.id)) return [];
    if (!isOpen(task)) return this.#watch.changed.has(task.id) ? [] : judgeTask(task);
    return Date.now() > task.deadline + LATE_MS ? [`task ${task.id} is open after its deadline`] : [];
  }

  /** Each task has an event of its creation, and no end of it is told twice. */
  async #events(tasks: readonly Task[]): Promise<string[]> {
    const faults: string[] = [];
    const told = new Map<number, string[]>();
    let newest = 0;
    for (let more = true; more; ) {
      const page: EventPage = await call<EventPage>(
        this.#cluster,
        'GET',
        `/v1/events?after=${newest}&limit=100`,
      );
      for (const { id, kind, task, what } of page.events) {
        if (id <= newest) faults.push(`the event ${id} came after ${newest}`);
        newest = id;
        const about = task ?? (typeof what.task === 'number' ? what.task : undefined);
        if (about !== undefined) told.set(about, [...(told.get(about) ?? []), kind]);
      }
      newest = Math.max(newest, page.next);
      more = page.more;
    }
    for (const { id } of tasks) {
      const kinds = told.get(id) ?? [];
      if (kinds.filter((kind) => kind === 'task-create').length !== 1)
        faults.push(`task ${id} was acknowledged, and its events are ${kinds}`);
      const ends = kinds.filter((kind) => ENDED.some((state) => kind === `task-${state}`)).length;
      const most = 1 + kinds.filter((kind) => kind === 'task-retry').length;
      if (ends > most && !this.#watch.changed.has(id))
        faults.push(`task ${id} ended ${ends} times: ${kinds}`);
    }
    return faults;
  }
}

/** The origin looks at deadlines every second, when it is not dead. */
const LATE_MS = 15_000;

const isOpen = ({ state }: Task) => !ENDED.includes(state) && state !== 'cancelled';

/** A task that is asked for as the origin dies is not acknowledged, and may or may not exist. */
export async function createTask(cluster: Cluster, request: object): Promise<number | undefined> {
  try {
    return (await call<{ id: number }>(cluster, 'POST', '/v1/tasks', JSON.stringify(request))).id;
  } catch {
    return undefined;
  }
}

export function drawTask(dice: Random, edges: number, site: string, deadline: number): object {
  const work = dice.pick([
    { kind: 'verify', args: { repair: false } },
    { kind: 'verify', args: { repair: true } },
    { kind: 'warm', args: { site, paths: [] } },
    { kind: 'sync-now', args: {} },
    { kind: 'repair', args: { site } },
    { kind: 'prune', args: {} },
    { kind: 'report-state', args: {} },
  ]);
  const names = Array.from({ length: 1 + dice.below(3) }, () => `edge-${1 + dice.below(edges)}`);
  const target = dice.pick<object>([
    { all: true },
    { any: true },
    { edges: names },
    { region: `r${dice.below(edges)}` },
  ]);
  return { ...work, target, deadline };
}

export async function taskOf(cluster: Cluster, id: number): Promise<Task> {
  return call<Task>(cluster, 'GET', `/v1/tasks/${id}`);
}

async function call<T>({ origin, token }: Cluster, method: string, path: string, body?: string): Promise<T> {
  const answer = await ask(origin.url, path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body }),
  });
  if (answer.status >= 400) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body.toString()) as T;
}
