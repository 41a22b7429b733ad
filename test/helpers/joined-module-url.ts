import { existsSync } from 'node:fs';
import { moduleUrl as inSources } from '../../shared/process/module-url.ts';
import { joined } from './joined.ts';

/**
 * Takes the place of shared/process/module-url.ts in tests: threads and serving processes start from joined modules, as
 * those of the package do. Most threads load in a third of the time then.
 */
export function moduleUrl(sibling: string, importer: string): URL {
  const built = joined === undefined ? undefined : inSources(sibling, joined);
  return built !== undefined && existsSync(built) ? built : inSources(sibling, importer);
}
