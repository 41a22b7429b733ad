import { Type } from 'typebox';
import type { ObjectSource } from '../../follow/fetch/object-source.ts';
import { type Executor, executor } from '../executor/executor.ts';
import { type VerifyParts, verifyReplica } from './verify.ts';
import { verifyResultSchema } from './verify-result.ts';

export interface VerifyWork extends Omit<VerifyParts, 'source'> {
  /** Where what is damaged is fetched from, now. */
  readonly source: () => ObjectSource;
}

/** Compares everything on disk with what the origin signed; `repair` fetches what was found damaged. */
export function verifyExecutor(parts: VerifyWork): Executor {
  return executor({
    kind: 'verify',
    isOnDemand: true,
    arguments: Type.Object({ repair: Type.Boolean() }, { additionalProperties: false }),
    result: verifyResultSchema,
    run: ({ repair }, signal, progress) =>
      verifyReplica({ ...parts, source: parts.source() }, repair, signal, progress),
  });
}
