import { setTimeout as pause } from 'node:timers/promises';
import type { ShareRow, TaskRow } from '../../origin/catalog/task-calls.ts';
import type { TaskDesk } from '../../origin/tasks/task-board.ts';
import type { TaskResult } from '../../shared/log/task-result.ts';
import { type Attempt, attemptKey, parseAssignments } from '../../shared/work/assignment.ts';
import type { FastClock } from '../helpers/fast-time.ts';
import type { InnerOrigin, TaskWatch } from '../helpers/inner-origin.ts';
import type { Random } from '../helpers/random.ts';

/** A task that no edge can do by itself has this long, by the fast clock. */
const DEADLINE_MS = 100_000;
/** An edge that hears nothing of the origin begins nothing after 60 seconds. The rest is for a busy machine. */
const STALE_MS = 120_000;
const SHARES = 100;
/** How long all tasks may take to end after the last fault, in real milliseconds. */
const END_MS = 12_000;

/** A list that the origin gave to an edge: the attempts in it, and when the edge was first given it. */
interface Given {
  readonly at: number;
  readonly digest: string | null;
  readonly keys: ReadonlySet<string>;
}

interface Start {
  readonly edge: string;
  readonly attempt: Attempt;
  readonly work: string;
  /** The first list of the edge that may have named the attempt, by what the edge had reported before. */
  readonly from: number;
  readonly at: number;
}

/**
 * Hands out tasks of mixed kinds, cancels and retries some, and judges what became of them by the origin's truth: the
 * lists that it gave out, and the results that edges signed.
 */
export class InnerTasks implements TaskWatch {
  readonly faults: string[] = [];
  readonly #clock: FastClock;
  readonly #sites: readonly string[];
  #origin: InnerOrigin | undefined;
  readonly #ids: number[] = [];
  readonly #given = new Map<string, Given[]>();
  /** The oldest list that the edge may have, by the newest report of it that came to the origin. */
  readonly #known = new Map<string, number>();
  readonly #work = new Map<string, string>();
  readonly #starts: Start[] = [];
  readonly #signed = new Set<string>();
  readonly #counted = new Map<string, number>();

  constructor(clock: FastClock, sites: readonly string[]) {
    this.#clock = clock;
    this.#sites = sites;
  }

  /** The tasks so far. */
  get count(): number {
    return this.#ids.length;
  }

  /** The executions so far. */
  get begun(): number {
    return this.#starts.length;
  }

  serve(origin: InnerOrigin): void {
    this.#origin = origin;
  }

  /** Notes which lists the origin gives to edges, and which ones they say they have. */
  desk(board: TaskDesk): TaskDesk {
    return {
      assignments: (edge) => {
        const list = board.assignments(edge);
        const lists = this.#given.get(edge) ?? [];
        this.#given.set(edge, lists);
        if (lists.length > 0 && lists.at(-1)?.digest === (list?.digest ?? null)) return list;
        const assignments = list === null ? [] : parseAssignments(list.text);
        for (const one of assignments) this.#work.set(`${edge} ${attemptKey(one)}`, one.kind);
        lists.push({
          ...{ at: this.#clock.monotonic(), digest: list?.digest ?? null },
          keys: new Set(assignments.map(attemptKey)),
        });
        return list;
      },
      reported: (edge, report) => {
        const lists = this.#given.get(edge) ?? [];
        const known = this.#known.get(edge) ?? 0;
        const has = report?.assignments ?? null;
        const at = has === null ? -1 : lists.findIndex(({ digest }, i) => i >= known && digest === has);
        if (at >= 0) this.#known.set(edge, at);
        board.reported(edge, report);
      },
      results: (results) => board.results(results),
    };
  }

  counted(task: TaskRow, share: ShareRow): void {
    if (share.state !== 'done') return;
    const key = `${task.id}/${share.share}`;
    this.#counted.set(key, (this.#counted.get(key) ?? 0) + 1);
  }

  /** Called with each line of an edge's log. Notes the executions that a task asked for. */
  logged(
    edge: string,
    line: { readonly msg?: unknown; readonly kind?: unknown; readonly by?: unknown },
  ): void {
    const { msg, kind, by } = line;
    if (msg !== 'work was requested' || typeof kind !== 'string') return;
    const attempt = by as { kind: string } & Attempt;
    if (attempt.kind !== 'task') return;
    const from = this.#known.get(edge) ?? 0;
    this.#starts.push({ edge, attempt, work: kind, from, at: this.#clock.monotonic() });
  }

  /** Called with each result that an edge signs. */
  signed(result: TaskResult): void {
    this.#signed.add(signedText(result));
  }

  /** Hands out a task for some of these edges, or for any edge. */
  async create(edges: readonly string[], dice: Random): Promise<void> {
    const [kind, args] = dice.pick<readonly [string, object]>([
      ...[['report-state', {}] as const, ['sync-now', {}] as const, ['prune', {}] as const],
      ...[['verify', { repair: false }] as const],
      ['warm', { site: dice.pick(this.#sites), paths: ['index.html', 'a/'] }],
    ]);
    // An edge may have two shares. So the task is open while a result of the first one is sent again.
    const named = dice.pick([edges, edges, [dice.pick(edges)], [...edges, ...edges]]);
    const shares = dice.below(4) === 0 ? [null] : named;
    const created = this.#clock.now();
    const { id } = await this.#served().board.create(
      {
        ...{ kind, args: JSON.stringify(args), target: { kind: 'all' }, cause: 'a test', key: null },
        ...{ created, deadline: created + DEADLINE_MS },
      },
      shares,
    );
    this.#ids.push(id);
  }

  /** Cancels a task, or retries one that did not succeed. */
  async change(dice: Random): Promise<void> {
    if (this.#ids.length === 0) return;
    const { board } = this.#served();
    const id = dice.pick(this.#ids.slice(-4));
    if (dice.below(2) === 0) await board.cancel(id);
    else await board.retry(id, this.#clock.now() + DEADLINE_MS);
  }

  /** Waits until all tasks have ended. Returns those that have not. */
  async ended(ms = END_MS): Promise<number[]> {
    const { catalog } = this.#served();
    const until = performance.now() + ms;
    while (true) {
      const rows = await Promise.all(this.#ids.map((id) => catalog.task(id)));
      const open = rows.filter(({ state }) => state === 'open').map(({ id }) => id);
      if (open.length === 0 || performance.now() > until) return open;
      await pause(5);
    }
  }

  /** Compares what ran and what counted with what the origin wanted. */
  async judge(): Promise<readonly string[]> {
    const { catalog } = this.#served();
    for (const id of await this.ended()) {
      const shares = await catalog.shares(id, 0, SHARES);
      this.faults.push(`task ${id} does not end: ${JSON.stringify(shares)}`);
    }
    for (const id of this.#ids)
      for (const share of await catalog.shares(id, 0, SHARES)) this.#judgeShare(share);
    for (const start of this.#starts) this.#judgeStart(start);
    return this.faults;
  }

  #judgeShare({ task, share, state, by, result, attempts }: ShareRow): void {
    const place = `share ${task}/${share}`;
    const counted = this.#counted.get(`${task}/${share}`) ?? 0;
    if (counted > (state === 'done' ? 1 : 0))
      this.faults.push(`${place} is ${state} and counted ${counted} times`);
    if ((state === 'failed' || state === 'expired') && result === null)
      this.faults.push(`${place} is ${state} without a reason`);
    if (state !== 'done') return;
    const isSigned = attempts.some(({ attempt, nonce, edge }) =>
      this.#signed.has(
        signedText({ edge, task, share, attempt, nonce, outcome: 'done', result: result ?? '' }),
      ),
    );
    if (!isSigned) this.faults.push(`${place} counts a result that ${by} did not sign: ${result}`);
  }

  #judgeStart({ edge, attempt, work, from, at }: Start): void {
    const key = attemptKey(attempt);
    const what = `${edge} began ${key}`;
    const wanted = this.#work.get(`${edge} ${key}`);
    if (wanted === undefined) return void this.faults.push(`${what}, which the origin never gave it`);
    if (wanted !== work) this.faults.push(`${what} as ${work} instead of ${wanted}`);
    const lists = this.#given.get(edge) ?? [];
    const last = lists.findLastIndex((list) => list.at <= at && list.keys.has(key));
    if (last < from) this.faults.push(`${what} of a list that it had replaced`);
    const next = lists[last + 1];
    if (next !== undefined && at - next.at > STALE_MS)
      this.faults.push(`${what} ${Math.round(at - next.at)} ms after the origin had cancelled it`);
  }

  #served(): InnerOrigin {
    if (this.#origin === undefined) throw new Error('the origin does not run');
    return this.#origin;
  }
}

type Counted = Pick<TaskResult, 'edge' | 'task' | 'share' | 'attempt' | 'nonce' | 'outcome' | 'result'>;
const signedText = ({ edge, task, share, attempt, nonce, outcome, result }: Counted) =>
  JSON.stringify([edge, task, share, attempt, nonce, outcome, result]);
