import { Type } from 'typebox';
import { type Executor, executor } from '../executor/executor.ts';
import { type PruneParts, pruneSites } from './prune-sites.ts';

const nothing = Type.Object({}, { additionalProperties: false });

/** Makes room: what no kept revision needs goes. */
export function pruneExecutor(parts: PruneParts): Executor {
  return executor({
    kind: 'prune',
    isOnDemand: true,
    arguments: nothing,
    result: nothing,
    async run(_args, signal, progress) {
      await pruneSites(parts, signal, progress);
      return {};
    },
  });
}
