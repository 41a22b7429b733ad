import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { sha256 } from '../test/helpers/http.ts';
import { CACHE, levelled, npmPackage } from './npm-package.ts';

const MAX_BYTES = 16 * 1024;
const PACKAGES = [
  'date-fns@3.6.0',
  'lodash@4.17.21',
  'rxjs@7.8.1',
  'core-js@3.37.1',
  '@tabler/icons@3.31.0',
  '@mdi/svg@7.4.47',
  '@mui/icons-material@5.15.20',
];
const IN_A_FOLDER = 1000;

/** A tree of `count` different small files from published packages. The tree is made once and kept. */
export async function smallFiles(count: number): Promise<string> {
  const folder = join(CACHE, `small-files-${count}`);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const partial = await mkdtemp(join(CACHE, 'partial-'));
  try {
    const seen = new Set<string>();
    for (const spec of PACKAGES) {
      if (seen.size === count) break;
      await collect(await npmPackage(spec), join(partial, spec.replaceAll('/', '+')), seen, count);
    }
    if (seen.size < count) throw new Error(`the packages hold ${seen.size} small files, not ${count}`);
    await levelled(partial);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

async function collect(tree: string, folder: string, seen: Set<string>, count: number): Promise<void> {
  for (const item of await readdir(tree, { recursive: true, withFileTypes: true })) {
    if (seen.size === count) return;
    if (!item.isFile()) continue;
    const file = join(item.parentPath, item.name);
    const { size } = await stat(file);
    if (size === 0 || size > MAX_BYTES) continue;
    const digest = sha256(await readFile(file));
    if (seen.has(digest)) continue;
    seen.add(digest);
    const to = join(folder, relative(tree, file));
    await mkdir(dirname(to), { recursive: true });
    await copyFile(file, to);
  }
}

/** The path of a generated file. */
export const madePath = (i: number) => `folder-${Math.floor(i / IN_A_FOLDER)}/file-${i}.txt`;

/** Generates small files with different contents quickly. */
export function makeFiles(folder: string, count: number): void {
  for (let i = 0; i < count; i++) {
    if (i % IN_A_FOLDER === 0) mkdirSync(dirname(join(folder, madePath(i))), { recursive: true });
    writeFileSync(join(folder, madePath(i)), `file ${i} of ${count}\n${sha256(`${count}/${i}`)}\n`);
  }
}
