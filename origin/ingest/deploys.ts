import { randomBytes } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { checkFileQuota, checkTreeQuota } from '../../shared/site/quota.ts';
import type { DeployCalls, DeployFile } from '../catalog/deploy-calls.ts';
import { missingPages } from '../catalog/deploy-pages.ts';
import { refuseMismatch } from '../catalog/deploy-plan.ts';
import type { RevisionReads } from '../catalog/revision-calls.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import { checkExpectation } from '../publish/deploy-checks.ts';
import type { DeployItem } from './deploy-lines.ts';

type Filled = Remote<DeployCalls> & Pick<Remote<RevisionReads>, 'revision'>;

/**
 * The number is as small as a page of the catalog, because calls of other publishers wait for the call that is running.
 * It is no smaller, because the files are keyed by hashes: each call writes most pages of their indexes again.
 */
const FILES_PER_CALL = 2000;
/** The missing objects that memory holds until the answer is sent, which are 4 MB. */
const MOST_MISSING_HELD = 50_000;

export interface OpenedDeploy {
  readonly id: string;
  /** The objects that were not uploaded before it was opened. Undefined when memory may not hold so many. */
  readonly missing: readonly Digest[] | undefined;
}

/**
 * Opens a deploy from a stream of files. If anything fails, no deploy is left behind. Throws `size-mismatch`,
 * `quota-exceeded`, `bad-request`, and what the catalog throws.
 */
export async function createDeploy(
  catalog: Filled,
  clock: Clock,
  site: SiteRow,
  items: AsyncIterable<DeployItem>,
): Promise<OpenedDeploy> {
  const id = randomBytes(12).toString('hex');
  let isOpen = false;
  const open = async () => {
    if (!isOpen) await catalog.createDeploy(id, site.id, clock.now());
    isOpen = true;
  };
  try {
    const header = await fill(catalog, site, { id, open }, items);
    let missing: Set<Digest> | undefined = new Set();
    for await (const page of missingPages(catalog, id)) {
      refuseMismatch(page.mismatch);
      for (const digest of page.missing) missing?.add(digest);
      if (missing !== undefined && missing.size > MOST_MISSING_HELD) missing = undefined;
    }
    await catalog.completeDeploy(id, header.base, header.expect);
    return { id, missing: missing && [...missing] };
  } catch (error) {
    // The original error matters. A deploy that cannot be dropped expires later.
    if (isOpen) await catalog.dropDeploy(id).catch(() => {});
    throw error;
  }
}

async function fill(
  catalog: Filled,
  site: SiteRow,
  { id, open }: { readonly id: string; readonly open: () => Promise<void> },
  items: AsyncIterable<DeployItem>,
): Promise<{ base: number | null; expect: number | null }> {
  let files: DeployFile[] = [];
  let base: number | null = null;
  let expect: number | null = null;
  let deletion: DeployFile | undefined;
  let isHeaderSeen = false;
  const size = { files: 0, bytes: 0 };
  const { quota } = site.policy;
  const checkSize = () => {
    if (base === null) checkTreeQuota(site.name, quota, size);
  };
  for await (const item of items) {
    // A body that still waits for its turn does not count as an open deploy.
    await open();
    if ('header' in item) {
      base = item.header.base ?? null;
      expect = item.header.expect ?? null;
      if (base !== null && base !== 0) await catalog.revision(site.id, base);
      checkExpectation(site, expect);
      isHeaderSeen = true;
      continue;
    }
    if (item.file.digest === null) deletion ??= item.file;
    else {
      size.files++;
      size.bytes += item.file.size;
      checkFileQuota(site.name, quota, item.file.size);
      // Without a header, nobody knows yet whether the deploy is a whole tree.
      if (isHeaderSeen) checkSize();
    }
    files.push(item.file);
    if (files.length < FILES_PER_CALL) continue;
    await catalog.addDeployFiles(id, files);
    files = [];
  }
  checkSize();
  await open();
  await catalog.addDeployFiles(id, files);
  if (deletion !== undefined && base === null) {
    throw new SkerryError(
      'bad-request',
      `${deletion.path} cannot be deleted: without "base", files lists the whole tree`,
    );
  }
  return { base, expect };
}
