import type { ContentPath } from '../../shared/content/content-path.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { OnConflict } from '../../shared/wire/deploy-api.ts';
import type { DeployReads, DeployRow } from '../catalog/deploy-calls.ts';
import { conflictingPaths } from '../catalog/deploy-pages.ts';
import type { RevisionReads } from '../catalog/revision-calls.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import type { CommitOptions } from './commit-options.ts';
import { checkExpectation, checkWithin } from './deploy-checks.ts';

const PATHS_SHOWN = 100;

/**
 * Checks a deploy before it is staged, and returns the revision that it is applied to. Null for a deploy that is a whole
 * tree. Throws `revision-moved`, `no-such-revision`, `deploy-conflict` and `forbidden`.
 */
export async function checkedBase(
  catalog: Remote<DeployReads> & Pick<Remote<RevisionReads>, 'revision'>,
  deploy: DeployRow,
  site: SiteRow,
  { within, onConflict }: Pick<CommitOptions, 'within' | 'onConflict'>,
): Promise<number | null> {
  checkExpectation(site, deploy.expect);
  if (deploy.base !== null && deploy.base !== 0) await catalog.revision(site.id, deploy.base);
  const base = await deployBase(catalog, deploy, site, onConflict);
  if (within !== undefined) await checkWithin(catalog, { ...deploy, base }, site, within);
  return base;
}

/** The response that a repeated request gets. Null when it is done now. */
export async function storedAnswer(
  catalog: Pick<Remote<DeployReads>, 'deploy'>,
  { answerIn }: Pick<CommitOptions, 'answerIn'>,
): Promise<Commit | null> {
  return answerIn === undefined ? null : (await catalog.deploy(answerIn)).result;
}

/**
 * The revision that a deploy is applied to, when its base may no longer be the site's tip. Null for a deploy that is a
 * whole tree. Callers hold the site's lock. Throws `deploy-conflict` with the first paths that both sides changed.
 */
async function deployBase(
  catalog: Pick<Remote<DeployReads>, 'deployConflicts'>,
  { id, base }: DeployRow,
  { name, tip }: SiteRow,
  onConflict: OnConflict = 'rebase',
): Promise<number | null> {
  if (base === null || base === tip || onConflict === 'replace') return base;
  const paths: ContentPath[] = [];
  for await (const path of conflictingPaths(catalog, id, base, tip)) {
    paths.push(path);
    if (paths.length === PATHS_SHOWN) break;
  }
  if (paths.length === 0 && onConflict === 'rebase') return tip;
  const moved = `${name} is at revision ${tip}, and the deploy is a change to revision ${base}`;
  const both =
    paths.length === 0 ? '' : `. Both changed ${paths.slice(0, 3).join(', ')}${more(paths.length)}`;
  throw new SkerryError('deploy-conflict', `${moved}${both}`, { details: { current: tip, base, paths } });
}

function more(paths: number): string {
  if (paths <= 3) return '';
  return paths === PATHS_SHOWN ? ' and many more' : ` and ${paths - 3} more`;
}
