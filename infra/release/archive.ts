import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as tar from 'tar';

/**
 * Packs a folder into a .tar.gz. The same files give the same bytes: the files are in the order of their names and have
 * the same time and no owner, and of a file's mode only the right to execute counts.
 */
export async function writeArchive(
  file: string,
  { parent, folder, time }: { readonly parent: string; readonly folder: string; readonly time: Date },
): Promise<void> {
  const below = await readdir(join(parent, folder), { recursive: true });
  const paths = [folder, ...below.map((path) => join(folder, path))].sort();
  for (const path of paths) await setMode(join(parent, path));
  await tar.create(
    { file, cwd: parent, gzip: { level: 9 }, portable: true, mtime: time, noDirRecurse: true, noPax: true },
    paths,
  );
}

async function setMode(path: string): Promise<void> {
  const found = await stat(path);
  await chmod(path, found.isDirectory() || (found.mode & 0o100) !== 0 ? 0o755 : 0o644);
}
