import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import { hasCode } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { NewEvent } from '../../shared/wire/event.ts';
import type { ShareRow, TaskCalls, TaskRow } from '../catalog/task-calls.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { findingOf } from './findings.ts';
import { type Action, type Finding, type ObservedEdge, planActions } from './reconcile-plan.ts';

const ROUND_MS = 10_000;
/** What a round may begin, so that a minute has at most thirty actions. */
const ACTIONS_PER_ROUND = 5;
/** An action is not repeated for this long, whatever came of it. */
const REPEAT_MS = 3_600_000;
const MOST_FINDINGS = 1000;
/** Tasks, and shares of one, that are read at a time. */
const PAGE = 100;

export interface ReconcilerParts {
  readonly tasks: Pick<Tasks, 'create'>;
  readonly catalog: Pick<Remote<TaskCalls>, 'tasks' | 'shares' | 'recentKeys'>;
  readonly edges: () => readonly ObservedEdge[];
  readonly note: (event: NewEvent) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Looks at the fleet again and again, and creates the tasks that follow from what it sees. Each action has a key that
 * the catalog keeps with its task, so that nothing is done twice, also not after a restart.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #woken = new Wakeup();
  #findings: Finding[] = [];

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Called when the result of a share has counted. */
  counted(task: TaskRow, share: ShareRow): void {
    const finding = findingOf(task, share);
    if (finding === undefined) return;
    this.#findings = [...this.#findings, finding].slice(-MOST_FINDINGS);
    this.#woken.wake();
  }

  /** Acts until the signal aborts. It begins with what an earlier process may not have acted on. */
  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#parts;
    let isScanned = false;
    while (!signal.aborted) {
      const woken = this.#woken.wait(ROUND_MS, signal);
      try {
        if (!isScanned) await this.#scan(signal);
        isScanned = true;
        await this.#round();
      } catch (err) {
        if (!signal.aborted) log.error({ err }, 'the fleet could not be looked at; the origin tries again');
      }
      await woken;
    }
  }

  async #round(): Promise<void> {
    const { catalog, edges, clock } = this.#parts;
    const keys = new Set(await catalog.recentKeys(clock.now() - REPEAT_MS));
    const findings = this.#findings;
    for (const action of planActions({ edges: edges(), findings, keys }, ACTIONS_PER_ROUND))
      await this.#act(action);
  }

  async #act({ key, cause, request }: Action): Promise<void> {
    const { tasks, note, log } = this.#parts;
    try {
      const { id } = await tasks.create(request, cause, key);
      note({ kind: 'origin-acts', task: id, cause, what: { ...request } });
    } catch (error) {
      // The edge was revoked in between, or there are too many tasks: the next round looks again.
      if (!hasCode(error, 'no-such-edge') && !hasCode(error, 'too-many-tasks')) throw error;
      log.warn({ err: error, key }, 'an action of the origin has to wait');
    }
  }

  /** Finds what verifications of the last hour have found. */
  async #scan(signal: AbortSignal): Promise<void> {
    const { catalog, clock } = this.#parts;
    const tasks = await catalog.tasks({ kind: 'verify' }, null, PAGE);
    for (const task of tasks.filter(({ created }) => created >= clock.now() - REPEAT_MS)) {
      for (let from: number | undefined = 0; from !== undefined; ) {
        signal.throwIfAborted();
        const shares: ShareRow[] = await catalog.shares(task.id, from, PAGE);
        for (const share of shares) this.counted(task, share);
        from = shares.length < PAGE ? undefined : (shares.at(-1)?.share ?? 0) + 1;
      }
    }
  }
}
