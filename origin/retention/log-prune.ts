import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { KeptLog } from '../../shared/log/kept-log.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { LogPruneCalls } from '../catalog/retention-calls.ts';
import { type LogPlan, planLog, planLogUpToNow } from './log-plan.ts';

const DROPPED_AT_ONCE = 1000;

export interface PrunedLog {
  readonly catalog: Remote<LogPruneCalls>;
  readonly clock: Clock;
  /** Called with the reason when an automatic checkpoint was not written, and with null when one was. */
  readonly checkpointed: (fault: SkerryError | null) => void;
  /** KEPT_LOG by default. */
  readonly keptLog?: KeptLog;
}

type ReadLog = Pick<PrunedLog, 'catalog' | 'keptLog'>;

/** The number of records that would be dropped. With `upToNow`, all records would be dropped. */
export async function prunableRecords(log: ReadLog, upToNow: boolean): Promise<number> {
  const { first, plan } = await planOf(log, upToNow);
  return plan.before - first;
}

/**
 * Prunes the log up to a checkpoint and returns how many records were dropped. When the caller asked for a checkpoint
 * and it cannot be written, throws `checkpoint-too-large` and prunes nothing.
 */
export async function pruneLog(log: PrunedLog, upToNow: boolean, goOn: () => void): Promise<number> {
  const { first, plan } = await planOf(log, upToNow);
  const checkpoint = plan.append ? await appendCheckpoint(log, upToNow) : undefined;
  // Records may have been appended between the plan and the checkpoint.
  const before = upToNow && checkpoint !== undefined ? checkpoint : plan.before;
  if (before === first) return 0;
  let records = 0;
  while (true) {
    const dropped = await log.catalog.dropRecords(before, DROPPED_AT_ONCE);
    records += dropped;
    if (dropped < DROPPED_AT_ONCE) return records;
    goOn();
  }
}

async function appendCheckpoint(log: PrunedLog, isAskedFor: boolean): Promise<number | undefined> {
  try {
    const seq = await log.catalog.addCheckpoint(log.clock.now());
    log.checkpointed(null);
    return seq;
  } catch (error) {
    // This checkpoint was not requested, and everything else can still be pruned.
    const isTooLarge = error instanceof SkerryError && error.code === 'checkpoint-too-large';
    if (isAskedFor || !isTooLarge) throw error;
    log.checkpointed(error);
    return undefined;
  }
}

async function planOf(log: ReadLog, upToNow: boolean): Promise<{ first: number; plan: LogPlan }> {
  const stored = await log.catalog.storedLog();
  return { first: stored.first, plan: upToNow ? planLogUpToNow(stored) : planLog(stored, log.keptLog) };
}
