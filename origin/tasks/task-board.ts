import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { Batcher } from '../../shared/concurrency/batcher.ts';
import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { TaskResult } from '../../shared/log/task-result.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { newNonce } from '../../shared/signing/nonce.ts';
import type { NewEvent } from '../../shared/wire/event.ts';
import {
  type Assignment,
  type AssignmentList,
  type Attempt,
  assignmentList,
  attemptKey,
  type TaskReport,
} from '../../shared/work/assignment.ts';
import { KEPT_TASKS, MOST_OPEN_SHARES } from '../catalog/limits.ts';
import type { EndState, NewTask, ShareRow, TaskCalls, TaskChanges, TaskRow } from '../catalog/task-calls.ts';
import { checkedResult } from './checked-result.ts';
import { afterResult } from './share-result.ts';
import { endedBy, type OpenTask, planTasks, siteIn, type TaskEdge, withoutAttempts } from './task-plan.ts';

/** No event announces the end of a deadline or a backoff. */
const ROUND_MS = 1000;
/** The interval at which ended tasks are deleted. */
const DROP_EVERY_MS = 3_600_000;
/** The minimum time between two rounds, because each report of an edge wakes the loop. */
const LEAST_MS = 50;

export type Amount = Pick<TaskReport['running'][number], 'objects' | 'bytes'>;

/**
 * The calls with which the fleet gets the work for edges and passes on their results. All but `results` use only
 * memory.
 */
export interface TaskDesk {
  /** Everything that the edge is to do now. Null for nothing. */
  assignments(edge: string): AssignmentList | null;
  /** Records what an edge reports about its tasks. */
  reported(edge: string, report: TaskReport | undefined): void;
  /** Stores results. They are durable when it resolves. Ignores results that the origin did not ask for. */
  results(results: readonly TaskResult[]): Promise<void>;
}

export interface TaskBoardParts {
  readonly catalog: Remote<TaskCalls>;
  readonly clock: Clock;
  /** The members of the fleet, by name. */
  readonly edges: () => ReadonlyMap<string, TaskEdge>;
  /** Makes these edges report now, so that they get their assignments. */
  readonly call: (edges: readonly string[]) => void;
  /** Called with an event when a task ends, unless a caller has cancelled it: a cancellation is noted as an act. */
  readonly note: (event: NewEvent) => void;
  /** Called with each share whose result has been accepted. */
  readonly counted: (task: TaskRow, share: ShareRow) => void;
  readonly log: Logger;
}

/** A task whose shares are in memory. */
interface Open extends OpenTask {
  readonly shares: Map<number, ShareRow>;
}

/**
 * The open tasks of an origin with one node, in memory and in the catalog. All changes take turns: each is decided from
 * memory, stored, and then applied to memory.
 */
export class TaskBoard implements TaskDesk {
  readonly #parts: TaskBoardParts;
  readonly #turns = new KeyedLock<'tasks'>();
  readonly #changed = new Wakeup();
  /**
   * Stores results in batches: all edges send their results at the same time, so the results share a sync of the disk.
   */
  readonly #results = new Batcher<readonly TaskResult[], void>((batch) => this.#count(batch.flat()), 500);
  readonly #open = new Map<number, Open>();
  /** The lists of edges that have assignments. */
  #lists = new Map<string, AssignmentList>();
  /** The last reports of edges about the attempts that run. */
  readonly #progress = new Map<string, ReadonlyMap<string, Amount>>();

  private constructor(parts: TaskBoardParts) {
    this.#parts = parts;
  }

  static async open(parts: TaskBoardParts): Promise<TaskBoard> {
    const board = new TaskBoard(parts);
    for (const row of await parts.catalog.openTasks()) await board.#load(row);
    board.#makeLists();
    return board;
  }

  /** Plans and assigns until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    let dropped = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const woken = this.#changed.wait(ROUND_MS, signal);
      try {
        await this.#round();
        if (clock.monotonic() - dropped >= DROP_EVERY_MS) {
          await this.#dropOld(signal);
          dropped = clock.monotonic();
        }
      } catch (err) {
        log.error({ err }, 'tasks could not be planned; the origin tries again');
      }
      await clock.sleep(LEAST_MS, signal).catch(() => {});
      await woken;
    }
  }

  /** Called when an edge has reported, or has changed in another way. */
  wake(): void {
    if (this.#open.size > 0) this.#changed.wake();
  }

  assignments(edge: string): AssignmentList | null {
    return this.#lists.get(edge) ?? null;
  }

  reported(edge: string, report: TaskReport | undefined): void {
    const running = report?.running ?? [];
    if (running.length === 0) this.#progress.delete(edge);
    else
      this.#progress.set(
        edge,
        new Map(running.map(({ objects, bytes, ...attempt }) => [attemptKey(attempt), { objects, bytes }])),
      );
  }

  results(results: readonly TaskResult[]): Promise<void> {
    return this.#results.add(results);
  }

  /** The response to this report will name the edge's shorter list, so the edge need not be asked to report again. */
  #count(results: readonly TaskResult[]): Promise<void> {
    return this.#inTurn(async () => {
      const now = this.#parts.clock.now();
      const newer = new Map<string, ShareRow>();
      for (const result of results) {
        const key = `${result.task}/${result.share}`;
        const task = this.#open.get(result.task);
        const share = newer.get(key) ?? task?.shares.get(result.share);
        const next = task && share && afterResult(share, checkedResult(task.row.kind, result), now);
        if (next !== undefined) newer.set(key, next);
      }
      const shares = [...newer.values()];
      const touched = this.#touched(shares);
      await this.#save({ shares, ended: endedBy(touched, shares, now) });
      for (const { row } of touched)
        for (const share of shares) if (share.task === row.id) this.#parts.counted(row, share);
      this.#changed.wake();
    });
  }

  /** Returns the open task with the same key if there is one. Throws `too-many-tasks`. */
  create(task: NewTask, shares: readonly (string | null)[]): Promise<TaskRow> {
    return this.#inTurn(async () => {
      const { catalog } = this.#parts;
      const { id, isNew } = await catalog.addTask(task, shares);
      const row = await catalog.task(id);
      if (isNew) await this.#load(row);
      this.#changed.wake();
      return row;
    });
  }

  /**
   * Cancels the open shares of the task. The edges stop when their next response tells them. A repeated call changes
   * nothing.
   */
  cancel(id: number): Promise<TaskRow> {
    return this.#inTurn(async () => {
      const { catalog, clock } = this.#parts;
      const shares = [...(this.#open.get(id)?.shares.values() ?? [])]
        .filter(({ state }) => state === 'open')
        .map((share): ShareRow => ({ ...withoutAttempts(share), state: 'cancelled' }));
      if (this.#open.has(id))
        this.#call(
          await this.#save({ shares, ended: [{ task: id, state: 'cancelled', time: clock.now() }] }),
        );
      return catalog.task(id);
    });
  }

  /** Restarts the shares that failed, expired or were cancelled. Throws `no-such-task`. */
  retry(id: number, deadline: number): Promise<TaskRow> {
    return this.#inTurn(async () => {
      const row = await this.#parts.catalog.reopenTask(id, deadline);
      if (row.state === 'open' && !this.#open.has(id)) await this.#load(row);
      this.#changed.wake();
      return row;
    });
  }

  /** The shares of an open task, with those that have ended. Empty for any other task. */
  openShares(id: number): ShareRow[] {
    return [...(this.#open.get(id)?.shares.values() ?? [])];
  }

  /** The progress of the edge that runs this attempt. Undefined for an attempt that no edge runs. */
  progress(edge: string, attempt: Attempt): Amount | undefined {
    return this.#progress.get(edge)?.get(attemptKey(attempt));
  }

  async #round(): Promise<void> {
    if (this.#open.size === 0) return;
    await this.#inTurn(async () => {
      const { edges, clock } = this.#parts;
      this.#call(await this.#save(planTasks(this.#open.values(), edges(), clock.now(), newNonce)));
    });
  }

  async #dropOld(signal: AbortSignal): Promise<void> {
    const { catalog, clock } = this.#parts;
    const { most, ms, page } = KEPT_TASKS;
    let dropped = page;
    while (dropped === page && !signal.aborted)
      dropped = await catalog.dropTasks(clock.now() - ms, most, page);
  }

  /** Resolves with the names of the edges whose lists have changed. */
  async #save(changes: TaskChanges): Promise<readonly string[]> {
    if (changes.shares.length === 0 && changes.ended.length === 0) return [];
    await this.#parts.catalog.saveTasks(changes);
    for (const share of changes.shares)
      this.#open.get(share.task)?.shares.set(share.share, withoutResult(share));
    const ended = changes.ended.flatMap(({ task: id, state }) => {
      const task = this.#open.get(id);
      this.#open.delete(id);
      return task === undefined ? [] : [{ ...task, state }];
    });
    const changed = this.#makeLists();
    for (const task of ended) this.#noteEnd(task);
    return changed;
  }

  #noteEnd({ row, shares, state }: OpenTask & { readonly state: EndState }): void {
    if (state === 'cancelled') return;
    const { id, kind, cause } = row;
    const states = Map.groupBy(shares.values(), (share) => share.state);
    const counts = Object.fromEntries([...states].map(([name, some]) => [name, some.length]));
    this.#parts.note({ kind: `task-${state}`, task: id, cause, what: { kind, shares: counts } });
  }

  #call(edges: readonly string[]): void {
    if (edges.length > 0) this.#parts.call(edges);
  }

  /** Builds the lists again. Returns the names of the edges whose lists have changed. */
  #makeLists(): readonly string[] {
    const assigned = new Map<string, Assignment[]>();
    for (const { row, shares } of this.#open.values())
      for (const share of shares.values())
        if (share.state === 'open')
          for (const { edge, attempt, nonce, isActive } of share.attempts)
            if (isActive) assignTo(assigned, edge, { ...shareOf(share), attempt, nonce, ...workOf(row) });
    const lists = new Map<string, AssignmentList>();
    for (const [edge, assignments] of assigned) {
      const list = assignmentList(assignments);
      if (list !== null) lists.set(edge, list);
    }
    const before = this.#lists;
    this.#lists = lists;
    const names = new Set([...before.keys(), ...lists.keys()]);
    return [...names].filter((name) => before.get(name)?.digest !== lists.get(name)?.digest);
  }

  async #load(row: TaskRow): Promise<void> {
    const shares = await this.#parts.catalog.shares(row.id, 0, MOST_OPEN_SHARES);
    this.#open.set(row.id, {
      row,
      site: siteIn(JSON.parse(row.args)),
      shares: new Map(shares.map((share) => [share.share, withoutResult(share)])),
    });
  }

  #touched(shares: readonly ShareRow[]): Open[] {
    const ids = new Set(shares.map(({ task }) => task));
    return [...ids].flatMap((id) => this.#open.get(id) ?? []);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run('tasks', work);
  }
}

/** The catalog keeps results. In memory, those of ten thousand shares would take hundreds of megabytes. */
const withoutResult = (share: ShareRow): ShareRow => ({ ...share, result: null });

function assignTo(all: Map<string, Assignment[]>, edge: string, assignment: Assignment): void {
  const own = all.get(edge);
  if (own === undefined) all.set(edge, [assignment]);
  else own.push(assignment);
}

const shareOf = ({ task, share }: ShareRow) => ({ task, share });
const workOf = ({ kind, args }: TaskRow) => ({ kind, args: JSON.parse(args) as unknown });
