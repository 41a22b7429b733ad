import type { ContentPath } from '../../shared/content/content-path.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { OnConflict } from '../../shared/wire/deploy-api.ts';
import type { DeployReads, DeployRow } from '../catalog/deploy-calls.ts';
import { conflictingPaths } from '../catalog/deploy-pages.ts';
import type { SiteRow } from '../catalog/site-calls.ts';

const PATHS_SHOWN = 100;

/**
 * The revision that a deploy is applied to, when its base may no longer be the site's tip. Null for a deploy that is a
 * whole tree. Callers hold the site's lock. Throws `deploy-conflict` with the first paths that both sides changed.
 */
export async function deployBase(
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
