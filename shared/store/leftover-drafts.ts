import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { draftsFolder } from './layout.ts';

export interface LeftDraft {
  readonly name: string;
  readonly size: number;
  /** When it was written to, in milliseconds since 1970. */
  readonly touched: number;
}

/** Removes drafts that an earlier process left behind and that no process can continue. Returns the others. */
export async function dropDrafts(folder: string, isUseless: (name: string) => boolean): Promise<LeftDraft[]> {
  const drafts = await readdir(draftsFolder(folder)).catch(() => []);
  const left: LeftDraft[] = [];
  for (const name of drafts) {
    const file = join(draftsFolder(folder), name);
    if (isUseless(name)) {
      await rm(file, { force: true });
      continue;
    }
    const { size, mtimeMs } = await stat(file);
    left.push({ name, size, touched: mtimeMs });
  }
  return left;
}
