import type { Stats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { type ContentPath, pathFault } from '../../../shared/content-path.ts';
import { FORMAT_FILE } from '../../../shared/data-folder.ts';
import { SkerryError, systemCode } from '../../../shared/errors.ts';

/** A file to publish, as it was found. */
export interface FoundFile {
  readonly path: ContentPath;
  /** Where it is on disk. */
  readonly file: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * All that a folder publishes, in no particular order: every file but those of `.git` and of Skerry's own data
 * folders. Links are followed within the folder; one that leads out, a loop, a pipe or a name that cannot be
 * published refuses the whole folder.
 */
export async function scanFolder(root: string): Promise<FoundFile[]> {
  const top = await realFolder(root);
  const found: FoundFile[] = [];
  await walk(top, '', new Set([top]));
  return found;

  async function walk(folder: string, prefix: string, open: ReadonlySet<string>): Promise<void> {
    const names = await readable(readdir(folder), prefix || root);
    if (isPrivate(prefix, names)) return;
    for (const name of names) {
      const path = prefix === '' ? name : `${prefix}/${name}`;
      const file = join(folder, name);
      const { stats, target } = await follow(top, file, path);
      if (stats.isDirectory()) {
        if (open.has(target))
          throw new SkerryError('symlink-loop', `the link ${path} leads back to a folder above it`);
        await walk(target, path, new Set([...open, target]));
      } else found.push(foundFile(path, file, stats));
    }
  }
}

/** One file as a full scan would find it; undefined when it is gone or not published. */
export async function scanFile(root: string, path: string): Promise<FoundFile | undefined> {
  const top = await realFolder(root);
  if (isPrivate(path.split('/').slice(0, -1).join('/'), [])) return undefined;
  const file = join(top, path);
  try {
    const { stats } = await follow(top, file, path);
    return stats.isDirectory() ? undefined : foundFile(path, file, stats);
  } catch (error) {
    const code = error instanceof SkerryError ? systemCode(error.cause) : systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Whether a folder holds what is never published: Git's or Skerry's own data. */
export function isPrivate(folder: string, names: readonly string[]): boolean {
  return (
    names.includes(FORMAT_FILE) || folder.split('/').some((name) => name === '.git' || name === '.skerry')
  );
}

async function realFolder(root: string): Promise<string> {
  try {
    const top = await realpath(root);
    if ((await stat(top)).isDirectory()) return top;
  } catch (cause) {
    throw new SkerryError('not-a-folder', `${root} is not there`, { cause });
  }
  throw new SkerryError('not-a-folder', `${root} is not a folder`);
}

async function follow(top: string, file: string, path: string): Promise<{ stats: Stats; target: string }> {
  const stats = await readable(lstat(file), path);
  if (!stats.isSymbolicLink()) return { stats, target: file };
  let target: string;
  try {
    target = await realpath(file);
  } catch (cause) {
    const code = systemCode(cause) === 'ELOOP' ? 'symlink-loop' : 'symlink-outside';
    throw new SkerryError(code, `the link ${path} leads nowhere`, { cause });
  }
  const inside = relative(top, target);
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw new SkerryError('symlink-outside', `the link ${path} leads out of the folder, to ${target}`);
  }
  return { stats: await readable(stat(target), path), target };
}

function foundFile(path: string, file: string, stats: Stats): FoundFile {
  if (!stats.isFile()) throw new SkerryError('not-a-file', `${path} is a pipe, socket or device`);
  const fault = pathFault(path);
  if (fault !== undefined) throw new SkerryError('bad-path', `the path ${JSON.stringify(path)} ${fault}`);
  return { path: path as ContentPath, file, size: stats.size, mtimeMs: stats.mtimeMs };
}

async function readable<T>(reading: Promise<T>, path: string): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw new SkerryError('unreadable-file', `${path} cannot be read (${systemCode(cause)})`, { cause });
  }
}
