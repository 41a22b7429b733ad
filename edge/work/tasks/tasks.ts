import type { Digest } from '../../../shared/content/digest.ts';
import type { Attempt, TaskReport } from '../../../shared/work/assignment.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import { Assignments } from './assignments.ts';
import { TaskRunner, type TaskRunnerParts } from './task-runner.ts';

/** More results than that cannot wait: an edge has few assignments at a time, and runs none whose result waits. */
const MOST_WAITING = 10_000;

export interface TasksParts extends TaskRunnerParts {
  readonly catalog: Pick<EdgeCatalog, 'unsentStatements'>;
}

/** The tasks of this edge: the list that the origin signed, and the attempts that run. */
export class Tasks {
  readonly #assignments = new Assignments();
  readonly #runner: TaskRunner;
  readonly #kinds: readonly string[];

  private constructor(parts: TaskRunnerParts, ended: readonly Attempt[], signal: AbortSignal) {
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
  assigned(digest: Digest | null, text: string | undefined): boolean {
    const taken = this.#assignments.take(digest, text);
    if (taken.kind === 'list') this.#runner.assign(taken.list);
    return taken.kind !== 'missing';
  }
}
