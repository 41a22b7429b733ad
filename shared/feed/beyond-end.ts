import { SkerryError } from '../errors.ts';

/** The end of the log at an origin or a parent. */
export interface LogEnd {
  /** The sequence number of the last record. */
  readonly seq: number;
  readonly isParent: boolean;
}

/**
 * The reason why a log cannot be read from `from` on, or undefined when it can. A follower that is ahead of a parent
 * has received more records from another upstream, and the parent will catch up. A follower that is ahead of the origin
 * has records that the origin lost.
 */
export function beyondEnd(from: number, { seq, isParent }: LogEnd): SkerryError | undefined {
  if (from >= 1 && from <= seq + 1) return undefined;
  if (from >= 1 && isParent)
    return new SkerryError(
      'not-yet-held',
      `this parent has the log up to record ${seq}, and not yet ${from - 1}`,
    );
  return new SkerryError(
    'beyond-log',
    `the log ends at record ${seq}, so it cannot be read from record ${from}`,
  );
}
