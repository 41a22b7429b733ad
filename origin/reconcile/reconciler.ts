import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import { hasCode } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { NewEvent } from '../../shared/wire/event.ts';
import { type ActionPlan, MOST_PLANNED_ACTIONS } from '../../shared/wire/task-api.ts';
import type { ShareRow, TaskCalls, TaskRow } from '../catalog/task-calls.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { findingOf } from './findings.ts';
import {
  type Action,
  allActions,
  type Finding,
  type Observed,
  type ObservedEdge,
  planActions,
  repairKey,
} from './reconcile-plan.ts';
import type { HotObject } from './warm-rule.ts';

const ROUND_MS = 10_000;
/** At most this many actions begin in a round, so a minute has at most thirty. */
const ACTIONS_PER_ROUND = 5;
/** An action is not repeated for this long, whatever its outcome was. */
const REPEAT_MS = 3_600_000;
const MOST_FINDINGS = 1000;
/** The hot objects are cached for this long, because many clients may request the plan. */
const HOT_MS = 5000;
/** The number of tasks, or of shares of one task, that are read at a time. */
const PAGE = 100;

export interface ReconcilerParts {
  readonly tasks: Pick<Tasks, 'create'>;
  readonly catalog: Pick<Remote<TaskCalls>, 'tasks' | 'shares' | 'recentKeys'>;
  readonly edges: () => readonly ObservedEdge[];
  /** The objects that readers of lazy edges ask for. */
  readonly hot: () => Promise<readonly HotObject[]>;
  /** Called when an edge has deleted its old data, `ago` milliseconds ago. */
  readonly pruned: (edge: string, ago: number) => void;
  readonly note: (event: NewEvent) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Checks the fleet at intervals, and creates the tasks that it needs. Each action has a key that the catalog keeps with
 * its task, so no action is repeated too early, not even after a restart.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #woken = new Wakeup();
  #findings: Finding[] = [];
  #scanned: Promise<void> | undefined;
  #hot: { readonly at: number; readonly objects: Promise<readonly HotObject[]> } | undefined;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Called when the result of a share has been accepted. */
  counted(task: TaskRow, share: ShareRow): void {
    this.#take(task, share, 0);
  }

  #take(task: TaskRow, share: ShareRow, ago: number): void {
    if (task.kind === 'prune' && share.state === 'done' && share.by !== null)
      this.#parts.pruned(share.by, ago);
    const finding = findingOf(task, share, this.#parts.clock.now() - ago);
    if (finding === undefined) return;
    this.#findings = [...this.#findings, finding].slice(-MOST_FINDINGS);
    this.#woken.wake();
  }

  /** Acts until the signal aborts. It begins with results on which an earlier process may not have acted. */
  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#parts;
    while (!signal.aborted) {
      const woken = this.#woken.wait(ROUND_MS, signal);
      try {
        await this.#round();
      } catch (err) {
        if (!signal.aborted) log.error({ err }, 'the fleet could not be looked at; the origin tries again');
      }
      await woken;
    }
  }

  /**
   * The actions that follow from the fleet's current state: those of the next round, those that wait, and those that
   * have been done already. This call changes nothing.
   */
  async plan(): Promise<ActionPlan> {
    const observed = await this.#observe();
    const now = new Set(planActions(observed, ACTIONS_PER_ROUND).map(({ key }) => key));
    const all = allActions(observed);
    return {
      time: this.#parts.clock.now(),
      actions: all.slice(0, MOST_PLANNED_ACTIONS).map((action) => ({
        ...action,
        when: now.has(action.key) ? 'now' : observed.keys.has(action.key) ? 'done' : 'later',
      })),
      more: Math.max(0, all.length - MOST_PLANNED_ACTIONS),
    };
  }

  async #round(): Promise<void> {
    const observed = await this.#observe();
    // A finding is dropped once there is a task for its repair. Otherwise it would be repaired again once the key of
    // that task is forgotten.
    this.#findings = this.#findings.filter((finding) => !observed.keys.has(repairKey(finding)));
    for (const action of planActions(observed, ACTIONS_PER_ROUND)) await this.#act(action);
  }

  async #observe(): Promise<Observed> {
    const { catalog, edges, clock } = this.#parts;
    this.#scanned ??= this.#scan();
    try {
      await this.#scanned;
    } catch (error) {
      this.#scanned = undefined;
      throw error;
    }
    const keys = new Set(await catalog.recentKeys(clock.now() - REPEAT_MS));
    const findings = this.#findings.filter(({ due }) => due <= clock.now());
    return { edges: edges(), findings, hot: await this.#hotObjects(), keys };
  }

  #hotObjects(): Promise<readonly HotObject[]> {
    const { hot, clock, log } = this.#parts;
    const now = clock.monotonic();
    if (this.#hot !== undefined && now - this.#hot.at < HOT_MS) return this.#hot.objects;
    // The lookup fails when an old revision is deleted in the meantime. That must not delay repairs and prunings.
    const objects = hot().catch((err: unknown) => {
      log.warn({ err }, 'the hot objects could not be looked up; the origin tries again');
      return [];
    });
    this.#hot = { at: now, objects };
    return objects;
  }

  async #act({ key, cause, request }: Action): Promise<void> {
    const { tasks, note, log } = this.#parts;
    try {
      const { id } = await tasks.create(request, cause, key);
      note({ kind: 'origin-acts', task: id, cause, what: { ...request } });
    } catch (error) {
      // The edge was revoked in between, or there are too many tasks: the next round tries again.
      if (!hasCode(error, 'no-such-edge') && !hasCode(error, 'too-many-tasks')) throw error;
      log.warn({ err: error, key }, 'an action of the origin has to wait');
    }
  }

  /** Reads the results of verifications, repairs and prunings of the last hour. */
  async #scan(): Promise<void> {
    const { catalog, clock } = this.#parts;
    const verifications = await catalog.tasks({ kind: 'verify' }, null, PAGE);
    const repairs = await catalog.tasks({ kind: 'repair' }, null, PAGE);
    const tasks = [...verifications, ...repairs, ...(await catalog.tasks({ kind: 'prune' }, null, PAGE))];
    for (const task of tasks.filter(({ created }) => created >= clock.now() - REPEAT_MS)) {
      for (let from: number | undefined = 0; from !== undefined; ) {
        const shares: ShareRow[] = await catalog.shares(task.id, from, PAGE);
        for (const share of shares) this.#take(task, share, clock.now() - task.created);
        from = shares.length < PAGE ? undefined : (shares.at(-1)?.share ?? 0) + 1;
      }
    }
  }
}
