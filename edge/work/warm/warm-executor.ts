import { SkerryError } from '../../../shared/errors.ts';
import { namedPaths } from '../../../shared/site/purge.ts';
import { warmKind } from '../../../shared/work/warm.ts';
import { type Executor, executor } from '../executor/executor.ts';
import { type WarmParts, warm } from './warm.ts';

export function warmExecutor(parts: WarmParts): Executor {
  return executor(warmKind, async ({ site, paths }, run) => {
    const named = namedPaths(paths);
    if ('fault' in named) throw new SkerryError('bad-pattern', named.fault);
    const result = await warm(parts, site, named, run);
    run.signal.throwIfAborted();
    return result;
  });
}
