import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { sha256 } from './http.ts';

/** The folder of an npm package from the development dependencies. */
export function packageFolder(alias: string): string {
  return join(import.meta.dirname, '../../node_modules', alias);
}

/** The SHA-256 of every file below a folder, by path with `/`. */
export async function digestsOf(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    found.set(relative(folder, path).replaceAll(sep, '/'), sha256(await readFile(path)));
  }
  return found;
}

/** Makes a folder contain exactly these files. */
export async function writeTree(folder: string, files: Record<string, string | Buffer>): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}
