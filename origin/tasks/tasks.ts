import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import { type Schema, schema } from '../../shared/json/schema.ts';
import { ByteCache } from '../../shared/process/byte-cache.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type {
  ShareStatus,
  ShownTaskState,
  TaskDetail,
  TaskList,
  TaskRequest,
  TaskStatus,
} from '../../shared/wire/task-api.ts';
import { DEADLINE_SECONDS } from '../../shared/wire/task-limits.ts';
import { MAX_TASK_ARGUMENT_BYTES } from '../../shared/work/assignment.ts';
import { taskKinds } from '../../shared/work/kinds.ts';
import type { WorkKind } from '../../shared/work/work-kind.ts';
import type { ShareRow, TaskCalls, TaskFilter, TaskRow } from '../catalog/task-calls.ts';
import type { TaskBoard } from './task-board.ts';
import { siteIn, type TaskEdge } from './task-plan.ts';
import { sharesFor, shownTarget, targetOf } from './task-target.ts';

/**
 * The maximum number of tasks, or of shares, in a page. A task may have 16 KiB of arguments, a share 23 KiB of results.
 */
const PAGE = { tasks: 100, shares: 100 };

/** Room for the merged results of some hundred tasks. */
const MERGED_BYTES = 4 * 1024 * 1024;

export interface TasksParts {
  readonly board: TaskBoard;
  readonly catalog: Pick<Remote<TaskCalls>, 'task' | 'tasks' | 'shares'>;
  readonly edges: () => ReadonlyMap<string, TaskEdge>;
  readonly clock: Clock;
}

const argumentsOf = new Map<string, Schema<unknown>>(
  [...taskKinds.values()].map((kind) => [kind.kind, schema(kind.arguments)]),
);

/** The calls of the API that create, change and show tasks. */
export class Tasks {
  readonly #parts: TasksParts;
  readonly #mergedTexts = new ByteCache<string, string>({
    bytes: MERGED_BYTES,
    sizeOf: (text) => 2 * text.length,
  });

  constructor(parts: TasksParts) {
    this.#parts = parts;
  }

  /**
   * Creates a task. With `key`, returns the open task with the same key if there is one. Throws `no-such-edge` and
   * `too-many-tasks`, and `bad-request` for an unknown kind or wrong arguments.
   */
  async create(request: TaskRequest, cause: string, key: string | null = null): Promise<TaskStatus> {
    const { board, edges, clock } = this.#parts;
    const { kind, args = {}, deadline = DEADLINE_SECONDS.usual } = request;
    const text = checkedArguments(kind, args);
    const target = targetOf(request.target);
    const shares = sharesFor(target, edges(), siteIn(args));
    const created = clock.now();
    const task = { kind, args: text, target, cause, key, created, deadline: created + deadline * 1000 };
    return this.#status(await board.create(task, shares));
  }

  async list(filter: TaskFilter, before: number | null): Promise<TaskList> {
    const rows = await this.#parts.catalog.tasks(filter, before, PAGE.tasks);
    return {
      tasks: rows.map((row) => this.#status(row)),
      next: rows.length < PAGE.tasks ? null : (rows.at(-1)?.id ?? null),
    };
  }

  /** The task with a page of its shares. Throws `no-such-task`. */
  async detail(id: number, from: number): Promise<TaskDetail> {
    const { catalog } = this.#parts;
    const row = await catalog.task(id);
    const shares = await catalog.shares(id, from, PAGE.shares);
    const last = shares.at(-1)?.share;
    return {
      ...this.#status(row),
      result: from === 0 ? await this.#merged(row) : null,
      shares: shares.map((share) => this.#shareStatus(share)),
      next: shares.length < PAGE.shares || last === undefined ? null : last + 1,
    };
  }

  /** The results of all edges as one. They are read once, and cached. */
  async #merged({ id, kind, state, ended }: TaskRow): Promise<unknown> {
    const merge = taskKinds.get(kind)?.merge;
    if (state === 'open' || merge === undefined) return null;
    const key = `${id} ${ended}`;
    let text = this.#mergedTexts.get(key);
    if (text === undefined) {
      text = JSON.stringify(await this.#mergeAll(id, merge));
      this.#mergedTexts.set(key, text);
    }
    return JSON.parse(text) as unknown;
  }

  /** Merges a page of shares at a time. Resolves with null when no edge has done its share. */
  async #mergeAll(id: number, merge: NonNullable<WorkKind['merge']>): Promise<unknown> {
    let merged: unknown;
    for (let from: number | null = 0; from !== null; ) {
      const shares: ShareRow[] = await this.#parts.catalog.shares(id, from, PAGE.shares);
      const done = shares.flatMap(({ state, result }) =>
        state === 'done' && result !== null ? [JSON.parse(result) as unknown] : [],
      );
      if (done.length > 0) merged = merge(merged === undefined ? done : [merged, ...done]);
      from = shares.length < PAGE.shares ? null : (shares.at(-1)?.share ?? 0) + 1;
    }
    return merged ?? null;
  }

  /** Throws `no-such-task`. */
  async cancel(id: number): Promise<TaskStatus> {
    return this.#status(await this.#parts.board.cancel(id));
  }

  /**
   * Opens the shares again that failed, expired or were cancelled. The new deadline gives the task its original time,
   * up to the maximum for deadlines. Throws `no-such-task` and `too-many-tasks`.
   */
  async retry(id: number): Promise<TaskStatus> {
    const { board, catalog, clock } = this.#parts;
    const { created, deadline } = await catalog.task(id);
    return this.#status(
      await board.retry(id, clock.now() + Math.min(deadline - created, DEADLINE_SECONDS.most * 1000)),
    );
  }

  #status(row: TaskRow): TaskStatus {
    const { id, kind, args, target, cause, created, deadline, ended, state } = row;
    return {
      ...{ id, kind, args: JSON.parse(args), target: shownTarget(target), cause },
      ...{ state: state === 'open' ? this.#openState(id) : state, created, deadline, ended },
    };
  }

  #openState(id: number): ShownTaskState {
    const states = new Set(this.#parts.board.openShares(id).map((share) => this.#shareState(share)));
    if (states.has('running')) return 'running';
    return states.has('assigned') ? 'assigned' : 'queued';
  }

  #shareState(share: ShareRow): ShownTaskState {
    if (share.state !== 'open') return share.state;
    if (!share.attempts.some(({ isActive }) => isActive)) return 'queued';
    return this.#progress(share) === undefined ? 'assigned' : 'running';
  }

  #shareStatus(share: ShareRow): ShareStatus {
    const { attempts, edge, by, result } = share;
    const current = attempts.findLast(({ isActive }) => isActive)?.edge ?? null;
    return {
      share: share.share,
      edge: edge ?? by ?? current,
      state: this.#shareState(share),
      attempts: attempts.at(-1)?.attempt ?? 0,
      progress: this.#progress(share) ?? null,
      result: result === null ? null : (JSON.parse(result) as unknown),
    };
  }

  #progress({ task, share, attempts, state }: ShareRow): ShareStatus['progress'] | undefined {
    if (state !== 'open') return undefined;
    for (const { edge, attempt, nonce, isActive } of attempts.toReversed()) {
      const progress = isActive
        ? this.#parts.board.progress(edge, { task, share, attempt, nonce })
        : undefined;
      if (progress !== undefined) return progress;
    }
    return undefined;
  }
}

/** The arguments as JSON text. */
function checkedArguments(kind: string, args: object): string {
  const known = argumentsOf.get(kind);
  if (known === undefined)
    throw new SkerryError(
      'bad-request',
      `there is no kind of task ${kind}; the kinds are ${[...argumentsOf.keys()].join(', ')}`,
    );
  const text = JSON.stringify(known.parse(args));
  if (Buffer.byteLength(text) > MAX_TASK_ARGUMENT_BYTES)
    throw new SkerryError('too-large', `a task takes at most ${MAX_TASK_ARGUMENT_BYTES} bytes of arguments`);
  return text;
}
