import { Type } from 'typebox';
import { SkerryError } from '../../../shared/errors.ts';
import { nameSchema } from '../../../shared/site/names.ts';
import { namedPaths } from '../../../shared/site/purge.ts';
import { type Executor, executor } from '../executor/executor.ts';
import { type WarmParts, warm } from './warm.ts';
import { warmResultSchema } from './warm-result.ts';

/** Published paths, and patterns of them, which begin with a slash. */
const MAX_PATH = 1100;
const MAX_PATHS = 1000;

const warmArguments = Type.Object(
  {
    site: nameSchema,
    paths: Type.Array(Type.String({ maxLength: MAX_PATH }), { maxItems: MAX_PATHS }),
  },
  { additionalProperties: false },
);

/** Has a lazy edge fetch what it lacks of a site, before readers ask for it; without paths all of it. */
export function warmExecutor(parts: WarmParts): Executor {
  return executor({
    kind: 'warm',
    isOnDemand: true,
    arguments: warmArguments,
    mostArgumentBytes: MAX_PATHS * (MAX_PATH + 64),
    result: warmResultSchema,
    async run({ site, paths }, signal, progress) {
      const named = namedPaths(paths);
      if ('fault' in named) throw new SkerryError('bad-pattern', named.fault);
      const result = await warm(parts, site, named, signal, progress);
      signal.throwIfAborted();
      return result;
    },
  });
}
