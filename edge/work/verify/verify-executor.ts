import { verifyKind } from '../../../shared/work/verify.ts';
import type { ObjectSource } from '../../follow/fetch/object-source.ts';
import { type Executor, executor } from '../executor/executor.ts';
import { type VerifyParts, verifyReplica } from './verify.ts';

export interface VerifyWork extends Omit<VerifyParts, 'source'> {
  /** The current source of objects. */
  readonly source: () => ObjectSource;
}

export function verifyExecutor(parts: VerifyWork): Executor {
  return executor(verifyKind, ({ repair }, { signal, progress }) =>
    verifyReplica({ ...parts, source: parts.source() }, repair, signal, progress),
  );
}
