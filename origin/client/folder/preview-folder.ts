import { existingSite } from './new-site.ts';
import { type Preview, planPreview } from './preview-plan.ts';
import { beginReading, type PublishParts } from './publish-folder.ts';
import type { SizeChange } from './shrink-plan.ts';

export interface FolderPreview extends Preview {
  /** The newest revision, live or pending, with which the folder was compared. 0 if there is none. */
  readonly revision: number;
  readonly size: SizeChange;
  /** Counts files, and folders that were not read. */
  readonly leftOut: number;
}

/** Compares a folder with the newest revision of a site, as a publish does. Only reads: it makes neither a site nor a deploy. */
export async function previewFolder(
  { client, site: name, progress, ...parts }: Omit<PublishParts, 'commit'>,
  folder: string,
): Promise<FolderPreview> {
  const reading = parts.reading ?? beginReading(parts, folder);
  reading.report((hashed, files) => progress({ hashed, files, sentBytes: 0, bytesToSend: 0 }));
  const { leftOut } = await reading.scanned;
  const site = await existingSite(client, name);
  const revision = site?.pending?.revision ?? site?.revision ?? 0;
  const files = await reading.hashed();
  const published = new Map<string, string>();
  if (revision > 0)
    for await (const { path, digest } of client.manifest(name, revision)) published.set(path, digest);
  const size = { before: site?.files ?? 0, after: files.length };
  return { ...planPreview(files, published), revision, size, leftOut };
}
