import type { Digest } from '../../../shared/content/digest.ts';
import type { Attempt, TaskReport } from '../../../shared/work/assignment.ts';
import type { ListArrival } from '../../report/reporter.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import { Assignments } from './assignments.ts';
import { TaskRunner, type TaskRunnerParts } from './task-runner.ts';

/**
 * The maximum number of waiting results that are read at the start. There are few, because an edge has only a few
 * assignments at a time. If a result is not read, its attempt merely runs again.
 */
const MOST_WAITING = 100;
/** If the edge has lacked the origin's current list for this long, it stops its attempts. */
const WITHHELD_MS = 30_000;
/**
 * A list is valid for this long after the origin last named it. A change to another upstream takes less time. After
 * this time, the origin assigns work that any edge can do to another edge.
 */
const LIST_MS = 60_000;

export interface TasksParts extends TaskRunnerParts {
  readonly catalog: Pick<EdgeCatalog, 'unsentStatements'>;
}

/** The tasks of this edge: the list that the origin signed, and the attempts that run. */
export class Tasks {
  readonly #parts: TasksParts;
  readonly #assignments = new Assignments();
  readonly #runner: TaskRunner;
  readonly #kinds: readonly string[];
  /** The monotonic time since which the list has been missing. */
  #missingSince: number | undefined;
  /** When the origin last named the list that the edge has, in monotonic time. */
  #namedAt = Number.NEGATIVE_INFINITY;

  private constructor(parts: TasksParts, ended: readonly Attempt[], signal: AbortSignal) {
    this.#parts = parts;
    this.#runner = new TaskRunner(parts, ended, signal);
    this.#kinds = parts.work.kindsFor('task').map(({ kind }) => kind);
  }

  static async open(parts: TasksParts, signal: AbortSignal): Promise<Tasks> {
    const waiting = await parts.catalog.unsentStatements(MOST_WAITING, Number.POSITIVE_INFINITY, [
      'task-result',
    ]);
    const ended = waiting.flatMap(({ kind, body }) => (kind === 'task-result' ? [body] : []));
    return new Tasks(parts, ended, signal);
  }

  get isBusy(): boolean {
    return this.#runner.isBusy;
  }

  get report(): TaskReport {
    return {
      kinds: [...this.#kinds],
      assignments: this.#assignments.digest,
      running: this.#runner.running,
    };
  }

  /** See `ReporterParts`. */
  assigned(digest: Digest | null, text: string | undefined): ListArrival {
    const taken = this.#assignments.take(digest, text);
    if (taken.kind === 'list') {
      if (taken.isUnreadable)
        this.#parts.log.error('the origin assigned tasks in a form that this version does not know');
      this.#missingSince = undefined;
      this.#namedAt = this.#parts.clock.monotonic();
      this.#runner.assign(taken.list);
      return 'here';
    }
    // The origin has a newer list, so no attempt of the old list begins, and running attempts are stopped if the new
    // list stays missing.
    const now = this.#parts.clock.monotonic();
    this.#missingSince ??= now;
    if (now - this.#missingSince < WITHHELD_MS) this.#runner.hold();
    else this.#runner.stop();
    return taken.kind;
  }
  /** Called when the origin did not answer a report. It may have cancelled all tasks in the meantime. */
  unanswered(): void {
    if (this.#parts.clock.monotonic() - this.#namedAt >= LIST_MS) this.#runner.stop();
  }
}
