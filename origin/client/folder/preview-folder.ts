import { hashFiles } from './hash-files.ts';
import { readLeftOut } from './left-out.ts';
import { existingSite } from './new-site.ts';
import { type Preview, planPreview } from './preview-plan.ts';
import type { PublishParts } from './publish-folder.ts';
import { scanFolder } from './scan.ts';
import type { SizeChange } from './shrink-plan.ts';

export interface FolderPreview extends Preview {
  /** The live revision that the folder was compared with. 0 if the site has none, or does not exist. */
  readonly revision: number;
  readonly size: SizeChange;
  /** Counts files, and folders that were not read. */
  readonly leftOut: number;
}

/** Compares a folder with what a site shows. Only reads: it makes neither a site nor a deploy. */
export async function previewFolder(
  { client, hashThreads, site: name, include = [], progress, signal }: Omit<PublishParts, 'commit'>,
  folder: string,
): Promise<FolderPreview> {
  const { files: found, leftOut } = await scanFolder(folder, await readLeftOut(folder, include));
  const revision = (await existingSite(client, name))?.revision ?? 0;
  let hashed = 0;
  const count = (files: number) => {
    hashed += files;
    progress({ hashed, files: found.length, sentBytes: 0, bytesToSend: 0 });
  };
  const files = await hashFiles(found, hashThreads, count, signal);
  const published = new Map<string, string>();
  if (revision > 0)
    for await (const { path, digest } of client.manifest(name, revision)) published.set(path, digest);
  const size = { before: published.size, after: files.length };
  return { ...planPreview(files, published), revision, size, leftOut };
}
