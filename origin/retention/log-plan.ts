/** What is stored of the log: sequence numbers of its ends and of its checkpoints, ascending. */
export interface StoredLog {
  readonly first: number;
  readonly head: number;
  readonly checkpoints: readonly number[];
}

export interface LogPlan {
  /** A checkpoint is to be appended first. */
  readonly append: boolean;
  /** Records below this number may go: it is a checkpoint's, the appended one's perhaps. */
  readonly before: number;
}

/** An edge that was away for no more records than this comes back by reading them. */
export const KEEP_RECORDS = 10_000;

/**
 * The log begins at the newest checkpoint that has `keep` records after it. One is appended whenever the last
 * is half of that away, so that from then on no more than one and a half times `keep` stay.
 */
export function planLog({ first, head, checkpoints }: StoredLog, keep = KEEP_RECORDS): LogPlan {
  const last = checkpoints.at(-1) ?? 0;
  const append = head - first >= keep && head - last > keep / 2;
  const before = checkpoints.findLast((checkpoint) => head - checkpoint >= keep);
  return { append, before: before ?? beginning(first, checkpoints) };
}

/** What lies before the first checkpoint of a log that has lost its first record is left by a killed run. */
function beginning(first: number, checkpoints: readonly number[]): number {
  return first === 1 ? 1 : (checkpoints[0] ?? first);
}

/** Asked for by hand: the log begins at its end. */
export function planLogUpToNow({ first, head, checkpoints }: StoredLog): LogPlan {
  const isThere = checkpoints.at(-1) === head;
  return { append: !isThere, before: Math.max(first, isThere ? head : head + 1) };
}
