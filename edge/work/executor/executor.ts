import type { Static, TSchema } from 'typebox';
import type { Attempt } from '../../../shared/work/assignment.ts';
import type { WorkKind } from '../../../shared/work/work-kind.ts';

/** The amount of work that a run has done so far. */
export interface Progress {
  readonly objects: number;
  /** Undefined when the run counts only objects. */
  readonly bytes?: number;
}

export type TellProgress = (progress: Progress) => void;

/** The initiator of a run: a caller at the admin port, the origin through a task, or the edge itself. */
export type AskedBy =
  | { readonly kind: 'admin-port' }
  | ({ readonly kind: 'task' } & Attempt)
  | { readonly kind: 'edge' };

/** One run of an executor. */
export interface Run {
  readonly by: AskedBy;
  readonly signal: AbortSignal;
  /**
   * Aborts when the caller wants the result of the work done so far. An executor ignores this if its result cannot say
   * that work is left.
   */
  readonly pause: AbortSignal;
  readonly progress: TellProgress;
}

/**
 * Carries out one kind of work at this edge.
 *
 * - It is idempotent. A run may be repeated after it has ended, or was interrupted at any point, and leads to the same
 * state.
 * - Runs of the same kind or of different kinds may overlap, so an executor takes the locks that it needs.
 * - It stops soon after its signal aborts. Then it rejects, and the work that it has done remains in effect.
 * - The result is plain JSON that matches the schema of the kind, so it can be sent.
 */
export interface Executor<A extends TSchema = TSchema, R extends TSchema = TSchema> extends WorkKind<A, R> {
  run(args: Static<A>, run: Run): Promise<Static<R>>;
}

/** Makes an executor of a kind. TypeScript checks `run` against the schemas of the kind. */
export function executor<A extends TSchema, R extends TSchema>(
  kind: WorkKind<A, R>,
  run: Executor<A, R>['run'],
): Executor {
  return { ...kind, run };
}
