import { repairKind } from '../../../shared/work/repair.ts';
import { type Executor, executor } from '../executor/executor.ts';
import { verifyReplica } from '../verify/verify.ts';
import { inTime, type VerifyWork } from '../verify/verify-executor.ts';

export function repairExecutor(parts: VerifyWork): Executor {
  return executor(repairKind, ({ site }, run) =>
    verifyReplica(
      { ...parts, source: parts.source() },
      { site, repair: true, others: false },
      inTime(parts, run),
    ),
  );
}
