import type { Logger } from 'pino';
import type { Clock } from '../../../shared/clock.ts';
import { SkerryError, toSkerryError } from '../../../shared/errors.ts';
import { MAX_RESULT_BYTES } from '../../../shared/log/task-result.ts';
import {
  type Assignment,
  type Attempt,
  attemptKey,
  type TaskReport,
} from '../../../shared/work/assignment.ts';
import type { Progress } from '../executor/executor.ts';
import type { AskableWork } from '../work.ts';

/**
 * The maximum number of attempts that run in parallel. They are all of different kinds, so that a quick attempt does
 * not wait for several slow ones of one kind.
 */
const MOST_RUNNING = 4;
/** The maximum number of characters of an error's text in a result. */
const MOST_MESSAGE = 500;
/** The pause before another attempt to store a result. */
const STORE_AGAIN_MS = 1000;

/** How an attempt ended, as JSON text. */
export interface AttemptEnd {
  readonly outcome: 'done' | 'failed';
  readonly result: string;
}

export interface TaskRunnerParts {
  readonly work: AskableWork;
  /**
   * Signs the result of an attempt, and stores it until the origin has it. When this resolves, the result is stored
   * durably.
   */
  readonly ended: (attempt: Attempt, end: AttemptEnd) => Promise<void>;
  /** Called when the state of the tasks should be reported to the origin. */
  readonly changed: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Running {
  readonly kind: string;
  readonly cancelled: AbortController;
  progress: Progress;
}

/**
 * Runs the tasks that the origin assigns to this edge. An attempt runs until it ends or is no longer in the list. After
 * a restart, the edge runs its attempts again, except those whose results are already stored. It may do so because
 * executors are idempotent.
 */
export class TaskRunner {
  readonly #parts: TaskRunnerParts;
  readonly #signal: AbortSignal;
  #list: readonly Assignment[] = [];
  #isHeld = false;
  readonly #running = new Map<string, Running>();
  /** The attempts whose results are stored. They stay in the list until the origin has the results. */
  readonly #ended: Set<string>;

  /** `ended` are the attempts whose results an earlier process has stored. All runs stop when the signal aborts. */
  constructor(parts: TaskRunnerParts, ended: readonly Attempt[], signal: AbortSignal) {
    this.#parts = parts;
    this.#ended = new Set(ended.map(attemptKey));
    this.#signal = signal;
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** Replaces the list. Cancels the attempts that are not in it, and starts the new ones when their turn comes. */
  assign(list: readonly Assignment[]): void {
    this.#list = list;
    this.#isHeld = false;
    const named = new Set(list.map(attemptKey));
    for (const [key, { cancelled }] of this.#running) if (!named.has(key)) cancelled.abort();
    for (const key of this.#ended) if (!named.has(key)) this.#ended.delete(key);
    this.#startNext();
  }

  /** Stops beginning attempts until the next list arrives. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Does the same as `hold`, and also cancels the running attempts. If the next list names them, they begin again. */
  stop(): void {
    this.hold();
    for (const { cancelled } of this.#running.values()) cancelled.abort();
  }

  /** The running attempts in the form of a report. */
  get running(): TaskReport['running'] {
    return this.#list.flatMap(({ task, share, attempt, nonce }) => {
      const running = this.#running.get(attemptKey({ task, share, attempt, nonce }));
      if (running === undefined) return [];
      const { objects, bytes = 0 } = running.progress;
      return [{ task, share, attempt, nonce, objects, bytes }];
    });
  }

  #startNext(): void {
    for (const assignment of this.#list) {
      if (this.#running.size >= MOST_RUNNING || this.#isHeld || this.#signal.aborted) return;
      const key = attemptKey(assignment);
      if (this.#running.has(key) || this.#ended.has(key) || this.#runs(assignment.kind)) continue;
      const running: Running = {
        ...{ kind: assignment.kind, cancelled: new AbortController() },
        progress: { objects: 0 },
      };
      this.#running.set(key, running);
      void this.#run(assignment, running).finally(() => {
        this.#running.delete(key);
        this.#parts.changed();
        this.#startNext();
      });
    }
  }

  #runs(kind: string): boolean {
    return [...this.#running.values()].some((running) => running.kind === kind);
  }

  async #run({ kind, args, ...attempt }: Assignment, running: Running): Promise<void> {
    const { work, ended, log, clock } = this.#parts;
    const signal = AbortSignal.any([this.#signal, running.cancelled.signal]);
    const by = { kind: 'task', ...attempt } as const;
    const progress = (now: Progress) => {
      running.progress = now;
    };
    const end = await work.ask(kind, args, { by, signal, progress }).then(doneWith).catch(failedWith);
    // A cancelled attempt has no result. An attempt that the end of the process interrupts runs again later.
    while (!signal.aborted) {
      try {
        await ended(attempt, end);
        this.#ended.add(attemptKey(attempt));
        return;
      } catch (err) {
        log.error({ err, ...attempt }, 'the result of a task could not be stored; the edge tries again');
        await clock.sleep(STORE_AGAIN_MS, signal).catch(() => {});
      }
    }
  }
}

function doneWith(result: unknown): AttemptEnd {
  const text = JSON.stringify(result);
  if (Buffer.byteLength(text) <= MAX_RESULT_BYTES) return { outcome: 'done', result: text };
  return failedWith(new SkerryError('internal', `the result has more than ${MAX_RESULT_BYTES} bytes`));
}

function failedWith(error: unknown): AttemptEnd {
  const { code, message } = toSkerryError(error);
  return { outcome: 'failed', result: JSON.stringify({ code, message: message.slice(0, MOST_MESSAGE) }) };
}
