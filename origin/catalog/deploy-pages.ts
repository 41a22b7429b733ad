import type { Digest } from '../../shared/content/digest.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { DeployCursor, DeployReads, MissingPage } from './deploy-calls.ts';

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

/** Throws `size-mismatch`. */
export async function checkDeploySizes(
  catalog: Pick<Remote<DeployReads>, 'checkDeploySizes'>,
  deploy: string,
): Promise<void> {
  let after: DeployCursor | undefined;
  do after = await catalog.checkDeploySizes(deploy, after);
  while (after !== undefined);
}
