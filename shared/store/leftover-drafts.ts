import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { draftsFolder } from './layout.ts';

/** Removes drafts that an earlier process left behind and that no process can continue. */
export async function dropDrafts(folder: string, isUseless: (name: string) => boolean): Promise<void> {
  const drafts = await readdir(draftsFolder(folder)).catch(() => []);
  for (const name of drafts.filter(isUseless)) await rm(join(draftsFolder(folder), name), { force: true });
}
