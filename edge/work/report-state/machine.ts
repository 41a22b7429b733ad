import { availableParallelism, freemem, machine, release, totalmem, type, uptime } from 'node:os';
import { version } from '../../../shared/version.ts';
import type { Machine } from './report-state.ts';

export function thisMachine(): Machine {
  return {
    skerry: version,
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? 'unknown',
    system: `${type()} ${release()} ${machine()}`,
    amounts: {
      processors: availableParallelism(),
      memoryBytes: totalmem(),
      freeMemoryBytes: freemem(),
      upSeconds: Math.round(uptime()),
      edgeMemoryBytes: process.memoryUsage.rss(),
      edgeUpSeconds: Math.round(process.uptime()),
    },
  };
}
