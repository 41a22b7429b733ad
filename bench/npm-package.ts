import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lutimes, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The cache is kept between runs, because published packages do not change. */
export const CACHE = join(import.meta.dirname, '../node_modules/.cache/skerry-bench');
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

const run = promisify(execFile);

/** The files of a published package, which is fetched only once. `spec` is `name@version`. */
export async function npmPackage(spec: string): Promise<string> {
  const folder = join(CACHE, spec.replaceAll('/', '+'));
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const partial = await mkdtemp(join(CACHE, 'partial-'));
  try {
    await run('npm', ['pack', spec, '--silent', '--pack-destination', partial]);
    const [archive = ''] = await readdir(partial);
    const tree = join(partial, 'tree');
    await mkdir(tree);
    await run('tar', ['-xzf', join(partial, archive), '-C', tree, '--strip-components=1', '--no-same-owner']);
    await levelled(tree);
    await rename(tree, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

/** Gives all files the same times and permissions, so that only their content has to be transferred. */
export async function levelled(tree: string): Promise<void> {
  for (const item of await readdir(tree, { recursive: true, withFileTypes: true })) {
    const path = join(item.parentPath, item.name);
    await chmod(path, item.isDirectory() ? 0o755 : 0o644);
    await lutimes(path, LONG_AGO, LONG_AGO);
  }
  await chmod(tree, 0o755);
  await lutimes(tree, LONG_AGO, LONG_AGO);
}
