import { KEPT_LOG, type KeptLog } from '../../shared/log/kept-log.ts';
import type { StoredLog } from '../catalog/retention-calls.ts';

export interface LogPlan {
  /** A checkpoint is to be appended first. */
  readonly append: boolean;
  /** Records below this number may go: it is a checkpoint's, the appended one's perhaps. */
  readonly before: number;
}

/**
 * The log begins at the newest checkpoint that has as many records after it as are kept, or as many bytes of them.
 * One is appended whenever the last is half of that away, so that from then on no more than one and a half times
 * as much stays.
 */
export function planLog(
  { first, head, checkpoints, bytes, bytesAfter }: StoredLog,
  kept: KeptLog = KEPT_LOG,
): LogPlan {
  /** How much comes after a record; 1 for as much as is kept. */
  const share = (seq: number, after: number) => Math.max((head - seq) / kept.records, after / kept.bytes);
  const last = share(checkpoints.at(-1) ?? 0, bytesAfter.at(-1) ?? bytes);
  const append = share(first, bytes) >= 1 && last > 1 / 2;
  const before = checkpoints.findLast((checkpoint, i) => share(checkpoint, bytesAfter[i] ?? 0) >= 1);
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
