import { createHash } from 'node:crypto';
import type { ApiClient } from '../../../origin/client/api-client.ts';
import { hashFiles } from '../../../origin/client/folder/hash-files.ts';
import { readLeftOut } from '../../../origin/client/folder/left-out.ts';
import { scanFolder } from '../../../origin/client/folder/scan.ts';
import { hashing } from '../hashing.ts';

interface ContentFile {
  readonly path: string;
  readonly digest: string;
}

/**
 * One digest for all paths and bytes of a tree, so that a plan shows whether a folder differs from what is published.
 * It leaves out media types and times.
 */
function contentDigest(files: readonly ContentFile[]): string {
  const hash = createHash('sha256');
  for (const { path, digest } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    hash.update(`${digest} ${path}\n`);
  return hash.digest('hex');
}

export async function digestOfFolder(
  folder: string,
  include: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { files } = await scanFolder(folder, await readLeftOut(folder, include));
  return contentDigest(await hashFiles(files, hashing, () => {}, signal));
}

export async function digestOfRevision(client: ApiClient, site: string, revision: number): Promise<string> {
  const files: ContentFile[] = [];
  for await (const { path, digest } of client.manifest(site, revision)) files.push({ path, digest });
  return contentDigest(files);
}
