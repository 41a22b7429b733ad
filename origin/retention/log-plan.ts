import { KEPT_LOG, type KeptLog } from '../../shared/log/kept-log.ts';
import type { StoredLog } from '../catalog/retention-calls.ts';

export interface LogPlan {
  /** Whether to append a checkpoint first. */
  readonly append: boolean;
  /** Records below this number may be dropped. It is the number of a checkpoint, perhaps of the one to be appended. */
  readonly before: number;
}

/**
 * The log begins at the newest checkpoint that is followed by as many records, or bytes of records, as must be kept. A
 * checkpoint is appended when more than half of that amount follows the last checkpoint. So from then on, at most one
 * and a half times the required amount is kept.
 */
export function planLog(
  { first, head, checkpoints, bytes, bytesAfter }: StoredLog,
  kept: KeptLog = KEPT_LOG,
): LogPlan {
  /** The amount that follows a record, as a share of the amount that must be kept. */
  const share = (seq: number, after: number) => Math.max((head - seq) / kept.records, after / kept.bytes);
  const last = share(checkpoints.at(-1) ?? 0, bytesAfter.at(-1) ?? bytes);
  const append = share(first, bytes) >= 1 && last > 1 / 2;
  const before = checkpoints.findLast((checkpoint, i) => share(checkpoint, bytesAfter[i] ?? 0) >= 1);
  return { append, before: before ?? beginning(first, checkpoints) };
}

/** Records before the first checkpoint, in a log that has lost its first record, are the remains of a killed run. */
function beginning(first: number, checkpoints: readonly number[]): number {
  return first === 1 ? 1 : (checkpoints[0] ?? first);
}

/** The plan for pruning by hand: the log then begins at its end. */
export function planLogUpToNow({ first, head, checkpoints }: StoredLog): LogPlan {
  const isThere = checkpoints.at(-1) === head;
  return { append: !isThere, before: Math.max(first, isThere ? head : head + 1) };
}
