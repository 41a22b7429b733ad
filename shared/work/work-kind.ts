import type { Static, TSchema } from 'typebox';

/** The names that kinds of work may have. An edge may receive work of a kind that it does not know. */
export const KIND_PATTERN = '^[a-z][a-z0-9-]{0,39}$';

/**
 * The callers that may request work from an edge, besides the edge itself: a caller at the edge's admin port, or the
 * origin by a task.
 */
export type Asker = 'admin-port' | 'task';

/** A kind of work that edges do, with the arguments that it takes and the result that it returns. */
export interface WorkKind<A extends TSchema = TSchema, R extends TSchema = TSchema> {
  /** The name of the kind, which is also its path at the admin port. */
  readonly kind: string;
  /** Empty for work that follows from the log, which only the edge itself begins. */
  readonly askers: readonly Asker[];
  readonly arguments: A;
  /** The maximum number of bytes of the arguments as JSON text. Undefined means the limit of a small request. */
  readonly mostArgumentBytes?: number;
  /** Plain JSON. Every list in it has `maxItems`. A kind that can be a task keeps it within MAX_RESULT_BYTES. */
  readonly result: R;
  /**
   * Merges the results of one or more edges into one result of the same form and within the same limits. This is a pure
   * function. It is undefined for kinds whose results cannot be merged.
   */
  merge?(results: readonly Static<R>[]): Static<R>;
}
