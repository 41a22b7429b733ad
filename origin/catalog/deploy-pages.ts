import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { ConflictPage, DeployCursor, DeployReads, MissingPage } from './deploy-calls.ts';

type MissingCatalog = Pick<Remote<DeployReads>, 'missingObjects'>;

/** The digests that the site has not uploaded yet. A digest of several files may occur more than once. */
export async function* missingObjects(catalog: MissingCatalog, deploy: string): AsyncGenerator<Digest> {
  for await (const { missing } of missingPages(catalog, deploy)) yield* missing;
}

/** Compares the deploy's files with what the site has uploaded. */
export async function* missingPages(catalog: MissingCatalog, deploy: string): AsyncGenerator<MissingPage> {
  let after: DeployCursor | undefined;
  do {
    const page: MissingPage = await catalog.missingObjects(deploy, after);
    yield page;
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
