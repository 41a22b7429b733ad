import type { ContentPath } from '../../shared/content/content-path.ts';
import type { ManifestReader } from '../../shared/content/manifest/reading.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { checkFileQuota, checkTreeQuota } from '../../shared/site/quota.ts';
import type { RevisionReads } from '../catalog/revision-calls.ts';
import type { SiteRow } from '../catalog/site-calls.ts';

/**
 * Checks whether a file fits into the quota of its site. The commit checks again. A file that does not fit is refused
 * here first, so that other changes of the same commit do not fail with it. Throws `quota-exceeded`.
 */
export async function checkPutQuota(
  catalog: Pick<Remote<ManifestReader>, 'entryAt'> & Pick<Remote<RevisionReads>, 'revision'>,
  { id, name, tip, policy }: SiteRow,
  path: ContentPath,
  size: number,
): Promise<void> {
  const { quota } = policy;
  checkFileQuota(name, quota, size);
  if (tip === 0 || (quota.bytes === null && quota.files === null)) return;
  const [before, replaced] = [await catalog.revision(id, tip), await catalog.entryAt(id, tip, path)];
  const files = before.files + (replaced === undefined ? 1 : 0);
  checkTreeQuota(name, quota, { files, bytes: before.bytes + size - (replaced?.size ?? 0) }, before);
}
