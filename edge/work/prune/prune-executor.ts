import { pruneKind } from '../../../shared/work/prune.ts';
import { type Executor, executor } from '../executor/executor.ts';
import { type PruneParts, pruneSites } from './prune-sites.ts';

export function pruneExecutor(parts: PruneParts): Executor {
  return executor(pruneKind, (_args, { signal, progress }) => pruneSites(parts, signal, progress));
}
