import type { Digest } from '../../shared/content/digest.ts';
import { hasCode, SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { DeployReads, DeployRow } from '../catalog/deploy-calls.ts';
import { missingPages } from '../catalog/deploy-pages.ts';
import { refuseMismatch } from '../catalog/deploy-plan.ts';
import type { SiteRow } from '../catalog/site-calls.ts';

const MISSING_SHOWN = 100;

/**
 * Awaits the staging of a deploy. Throws `objects-missing` when objects were not uploaded, and `size-mismatch` when they
 * differ in size. Staging finds out that there are such objects, and a pass over the deploy then names them.
 */
export async function namingMissing(
  catalog: Remote<DeployReads>,
  deploy: string,
  staged: Promise<void>,
): Promise<void> {
  try {
    await staged;
  } catch (error) {
    if (hasCode(error, 'objects-missing')) await checkObjects(catalog, deploy);
    throw error;
  }
}

async function checkObjects(catalog: Remote<DeployReads>, deploy: string): Promise<void> {
  const missing = new Set<Digest>();
  for await (const page of missingPages(catalog, deploy)) {
    refuseMismatch(page.mismatch);
    for (const digest of page.missing.slice(0, MISSING_SHOWN - missing.size)) missing.add(digest);
    if (missing.size === MISSING_SHOWN) break;
  }
  if (missing.size > 0)
    throw new SkerryError('objects-missing', `${missing.size} or more objects have not been uploaded`, {
      details: { missing: [...missing] },
    });
}

/** Throws `revision-moved` when the site is at another revision. */
export function checkExpectation({ name, tip }: SiteRow, expect: number | null): void {
  if (expect === null || expect === tip) return;
  throw new SkerryError('revision-moved', `${name} is at revision ${tip}, not at ${expect}`, {
    details: { current: tip },
  });
}

/**
 * Throws `forbidden` when the deploy changes anything outside of the folders, and `revision-moved` when it would undo
 * what others have changed since its base.
 */
export async function checkWithin(
  catalog: Remote<DeployReads>,
  { id, base }: DeployRow,
  site: SiteRow,
  folders: readonly string[],
): Promise<void> {
  if (base === null)
    throw new SkerryError(
      'forbidden',
      `the token may change only ${folders.join(', ')}, and this deploy replaces the whole site: give it a base`,
    );
  checkExpectation(site, base);
  const beyond = await catalog.deployedBeyond(id, folders);
  if (beyond !== undefined)
    throw new SkerryError('forbidden', `the token may change only ${folders.join(', ')}, not ${beyond}`);
}
