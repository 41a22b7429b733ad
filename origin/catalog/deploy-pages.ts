import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { ConflictPage, DeployCursor, DeployReads, MissingPage } from './deploy-calls.ts';

/** The digests that the site has not uploaded yet. A digest of several files may occur more than once. */
export async function* missingObjects(
  catalog: Pick<Remote<DeployReads>, 'deployMissing'>,
  deploy: string,
): AsyncGenerator<Digest> {
  let after: DeployCursor | undefined;
  do {
    const page: MissingPage = await catalog.deployMissing(deploy, after);
    yield* page.missing;
    after = page.next;
  } while (after !== undefined);
}

/** The paths that were changed after the deploy's base, and that the deploy would change back or otherwise. */
export async function* conflictingPaths(
  catalog: Pick<Remote<DeployReads>, 'deployConflicts'>,
  deploy: string,
  base: number,
  tip: number,
): AsyncGenerator<ContentPath> {
  let after: DeployCursor | undefined;
  do {
    const page: ConflictPage = await catalog.deployConflicts(deploy, base, tip, after);
    yield* page.paths;
    after = page.next;
  } while (after !== undefined);
}

/** Throws `size-mismatch`. */
export async function checkDeploySizes(
  catalog: Pick<Remote<DeployReads>, 'checkDeploySizes'>,
  deploy: string,
): Promise<void> {
  let after: DeployCursor | undefined;
  do after = await catalog.checkDeploySizes(deploy, after);
  while (after !== undefined);
}
