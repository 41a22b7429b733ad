import type { Static, TSchema } from 'typebox';
import type { WorkKind } from '../../../shared/work/work-kind.ts';

/** What a run has dealt with so far. */
export interface Progress {
  readonly objects: number;
  /** Left out where only objects are counted. */
  readonly bytes?: number;
}

export type TellProgress = (progress: Progress) => void;

/** Who has asked for a run: somebody at the admin port, or the edge itself. A task of the origin will be a third. */
export type AskedBy = { readonly kind: 'admin-port' } | { readonly kind: 'edge' };

/** One run of an executor. */
export interface Run {
  readonly by: AskedBy;
  readonly signal: AbortSignal;
  readonly progress: TellProgress;
}

/**
 * Carries out one kind of work at this edge.
 *
 * - It is idempotent: a run that is repeated, after it ended or after it broke off at any point, leads to the same state.
 * - Runs may overlap, with each other and with those of other kinds: an executor takes the locks that it needs.
 * - It stops soon after its signal aborts. Then it rejects, and what it has done so far stays.
 * - The result is plain JSON, as the kind describes it, so that it can be sent to whoever asked.
 */
export interface Executor<A extends TSchema = TSchema, R extends TSchema = TSchema> extends WorkKind<A, R> {
  run(args: Static<A>, run: Run): Promise<Static<R>>;
}

/** With the types of its arguments and its result as its kind says them. */
export function executor<A extends TSchema, R extends TSchema>(
  kind: WorkKind<A, R>,
  run: Executor<A, R>['run'],
): Executor {
  return { ...kind, run };
}
