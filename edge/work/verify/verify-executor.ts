import type { Clock } from '../../../shared/clock.ts';
import { pace } from '../../../shared/store/pace.ts';
import { verifyKind } from '../../../shared/work/verify.ts';
import type { ObjectSource } from '../../follow/fetch/object-source.ts';
import { type Executor, executor, type Run } from '../executor/executor.ts';
import { type VerifyParts, type VerifyRun, verifyReplica } from './verify.ts';

export interface VerifyWork extends Omit<VerifyParts, 'source'> {
  /** The current source of objects. */
  readonly source: () => ObjectSource;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
}

export function verifyExecutor(parts: VerifyWork): Executor {
  return executor(verifyKind, ({ site, repair }, run) =>
    verifyReplica(
      { ...parts, source: parts.source() },
      { site, repair, others: site === undefined },
      inTime(parts, run),
    ),
  );
}

/**
 * Sets the pace of a verification. A task is not urgent, so it yields to readers. At the admin port, a person may be
 * waiting for the result.
 */
export function inTime({ clock }: Pick<VerifyWork, 'clock'>, { by, signal, progress }: Run): VerifyRun {
  return { signal, progress, rest: by.kind === 'task' ? pace(clock, signal) : undefined };
}
