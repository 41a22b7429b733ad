import type { TSchema } from 'typebox';

/** A kind of work that edges do: what is asked of one, and what it gives back. Whoever asks and whoever does it read the same. */
export interface WorkKind<A extends TSchema = TSchema, R extends TSchema = TSchema> {
  /** Its name, which is also its address at the admin port. */
  readonly kind: string;
  /** Whether others may ask for it. What is not on demand follows from the log, and the edge begins it by itself. */
  readonly isOnDemand: boolean;
  readonly arguments: A;
  /** The most bytes of arguments as JSON text; without it the usual limit of a small request holds. */
  readonly mostArgumentBytes?: number;
  /** Plain JSON. Its lists are bounded, so that it fits into a report. */
  readonly result: R;
}
