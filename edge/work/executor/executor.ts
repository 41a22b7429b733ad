import type { Static, TSchema } from 'typebox';

/** What a run has dealt with so far. */
export interface Progress {
  readonly objects: number;
  /** Left out where only objects are counted. */
  readonly bytes?: number;
}

export type TellProgress = (progress: Progress) => void;

/**
 * Carries out one kind of work at this edge.
 *
 * - It is idempotent: a run that is repeated, after it ended or after it broke off at any point, leads to the same state.
 * - Runs may overlap, with each other and with those of other kinds: an executor takes the locks that it needs.
 * - It stops soon after its signal aborts. Then it rejects, and what it has done so far stays.
 * - The result is plain JSON, as `result` describes it, so that it can be sent to whoever asked.
 */
export interface Executor<A extends TSchema = TSchema, R extends TSchema = TSchema> {
  /** The name of the kind, which is also its address at the admin port. */
  readonly kind: string;
  /** Whether others may ask for it. What is not on demand follows from the log, and the edge begins it by itself. */
  readonly isOnDemand: boolean;
  readonly arguments: A;
  /** The most bytes of arguments as JSON text; without it the usual limit of a small request holds. */
  readonly mostArgumentBytes?: number;
  readonly result: R;
  run(args: Static<A>, signal: AbortSignal, progress: TellProgress): Promise<Static<R>>;
}

/** With the types of its arguments and its result as its schemas say them. */
export function executor<A extends TSchema, R extends TSchema>(executor: Executor<A, R>): Executor {
  return executor;
}
