import { syncNowKind } from '../../../shared/work/sync-now.ts';
import { type Executor, executor } from '../executor/executor.ts';
import { type SyncNowParts, syncNow } from './sync-now.ts';

export function syncNowExecutor(parts: SyncNowParts): Executor {
  return executor(syncNowKind, ({ site }, run) => syncNow(parts, site, run));
}
