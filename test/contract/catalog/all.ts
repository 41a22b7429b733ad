import { aliasesContract } from './aliases.ts';
import { bucketsContract } from './buckets.ts';
import { damageContract } from './damage.ts';
import { deploysContract } from './deploys.ts';
import { edgesContract } from './edges.ts';
import { eventsContract } from './events.ts';
import { evidenceContract } from './evidence.ts';
import { catalogTheme, type Theme } from './harness.ts';
import { logContract } from './log.ts';
import { manifestsContract } from './manifests.ts';
import { modesContract } from './modes.ts';
import { multipartsContract } from './multiparts.ts';
import { purgesContract } from './purges.ts';
import { replacementsContract } from './replacements.ts';
import { revisionsContract } from './revisions.ts';
import { rolloutsContract } from './rollouts.ts';
import { sitesContract } from './sites.ts';
import { stagingContract } from './staging.ts';
import { tasksContract } from './tasks.ts';
import { tokensContract } from './tokens.ts';
import { webhooksContract } from './webhooks.ts';

/** What every catalog must do. `place` gives an empty one for each test. */
export function catalogContract(name: string, place: Theme['place']): void {
  const theme = catalogTheme(name, place);
  logContract(theme);
  sitesContract(theme);
  deploysContract(theme);
  bucketsContract(theme);
  multipartsContract(theme);
  damageContract(theme);
  revisionsContract(theme);
  manifestsContract(theme);
  stagingContract(theme);
  tokensContract(theme);
  edgesContract(theme);
  replacementsContract(theme);
  modesContract(theme);
  aliasesContract(theme);
  rolloutsContract(theme);
  purgesContract(theme);
  evidenceContract(theme);
  tasksContract(theme);
  eventsContract(theme);
  webhooksContract(theme);
}
