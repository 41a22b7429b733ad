import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { type ContentPath, pathFault, refusedPath } from '../../../shared/content/content-path.ts';
import { isPrivateName } from '../../../shared/content/private-name.ts';
import { SkerryError, systemCode } from '../../../shared/errors.ts';
import { FORMAT_FILE } from '../../../shared/files/data-folder.ts';
import { changed } from '../../../shared/files/real-file.ts';
import { IGNORE_FILE, type LeftOut, leftOutByDefault } from './left-out.ts';

/** A file to publish, with the properties that the scan found. */
export interface FoundFile {
  readonly path: ContentPath;
  /** Its location on disk: its real path, inside the folder and without links. */
  readonly file: string;
}

export interface ScannedFolder {
  /** In no particular order. */
  readonly files: readonly FoundFile[];
  /** Counts files, and folders that were not read. */
  readonly leftOut: number;
}

export async function scanFolder(root: string, rules: LeftOut = leftOutByDefault): Promise<ScannedFolder> {
  const files: FoundFile[] = [];
  const leftOut = await walkFolder(root, rules, (file) => files.push(file));
  return { files, leftOut };
}

/**
 * Finds all that a folder publishes: every file except those that are left out, those of Git, and those in Skerry's own
 * data folders. Links are followed within the folder. The whole folder is refused for a link that leads out of it, a
 * loop, a pipe, or a name that cannot be published. Returns how many files and unread folders are left out.
 */
export async function walkFolder(
  root: string,
  rules: LeftOut,
  found: (file: FoundFile) => void,
): Promise<number> {
  const top = await realFolder(root);
  if (await isDataFolder(top)) throw new SkerryError('not-a-folder', `${root} is a data folder of Skerry`);
  let leftOut = 0;
  await walk(top, '', new Set([top]));
  return leftOut;

  async function walk(folder: string, prefix: string, open: ReadonlySet<string>): Promise<void> {
    const children = await readable(readdir(folder, { withFileTypes: true }), prefix || root);
    if (children.some(({ name }) => name === FORMAT_FILE)) return;
    const within = folder.endsWith(sep) ? folder : `${folder}${sep}`;
    const pathOf = ({ name }: Dirent) => (prefix === '' ? name : `${prefix}/${name}`);
    const wanted = children.filter(
      (child) =>
        !isPrivateName(child.name) &&
        !(child.isDirectory() ? rules.folder(pathOf(child)) : rules.file(pathOf(child))),
    );
    // A name that cannot be decoded is read with this character in it, and no file is found under that name.
    const undecoded = wanted.find(({ name }) => name.includes('\uFFFD'));
    if (undecoded !== undefined) throw refusedPath(pathOf(undecoded), 'is not UTF-8');
    leftOut += countLeftOut(children, wanted.length);
    for (const child of wanted) {
      const path = pathOf(child);
      const file = `${within}${child.name}`;
      const place = child.isSymbolicLink()
        ? await followLink(top, file, path)
        : { kind: child, target: file };
      if (place === undefined) continue;
      if (place.kind.isDirectory()) {
        if (open.has(place.target))
          throw new SkerryError('symlink-loop', `the link ${path} leads back to a folder above it`);
        await walk(place.target, path, new Set([...open, place.target]));
      } else {
        found(foundFile(path, place));
      }
    }
  }
}

/** Counts the files that were left out, except those that users never intend to publish. */
function countLeftOut(children: readonly Dirent[], wanted: number): number {
  const unmentioned = children.filter(({ name }) => isPrivateName(name) || name === IGNORE_FILE);
  return children.length - unmentioned.length - wanted;
}

/** Finds one file as a full scan would. Undefined when it is gone or not published. */
export async function scanFile(
  root: string,
  path: string,
  rules: LeftOut = leftOutByDefault,
): Promise<FoundFile | undefined> {
  const top = await realFolder(root);
  const segments = path.split('/');
  const isBelow = (at: number) => rules.folder(segments.slice(0, at).join('/'));
  if (rules.file(path) || segments.some((_, i) => i > 0 && isBelow(i))) return undefined;
  let folder = top;
  for (const [i, name] of segments.entries()) {
    const isLast = i === segments.length - 1;
    const file = join(folder, name);
    if ((await isDataFolder(folder)) || (await isGone(file))) return undefined;
    const place = await follow(top, file, segments.slice(0, i + 1).join('/'));
    if (place === undefined || place.kind.isDirectory() === isLast) return undefined;
    if (isLast) return foundFile(path, place);
    folder = place.target;
  }
  return undefined;
}

async function isDataFolder(folder: string): Promise<boolean> {
  return !(await isGone(join(folder, FORMAT_FILE)));
}

async function isGone(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return false;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return true;
    throw new SkerryError('unreadable-file', `${file} cannot be read (${code})`, { cause: error });
  }
}

/** Throws `not-a-folder` when there is no folder. */
export async function realFolder(root: string): Promise<string> {
  try {
    const top = await realpath(root);
    if ((await stat(top)).isDirectory()) return top;
  } catch (cause) {
    throw new SkerryError('not-a-folder', `${root} does not exist`, { cause });
  }
  throw new SkerryError('not-a-folder', `${root} is not a folder`);
}

interface Place {
  readonly kind: Pick<Dirent, 'isDirectory' | 'isFile'>;
  /** The target of a link, or the file itself. */
  readonly target: string;
}

/** Undefined for a path that is private by its own name or by the target of its link. */
async function follow(top: string, file: string, path: string): Promise<Place | undefined> {
  if (isPrivateName(basename(file))) return undefined;
  const kind = await readable(lstat(file), path);
  return kind.isSymbolicLink() ? followLink(top, file, path) : { kind, target: file };
}

/** Undefined for a link to a path that is private. */
async function followLink(top: string, file: string, path: string): Promise<Place | undefined> {
  let target: string;
  try {
    target = await realpath(file);
  } catch (cause) {
    const code = systemCode(cause) === 'ELOOP' ? 'symlink-loop' : 'symlink-outside';
    throw new SkerryError(code, `the link ${path} leads to a missing file`, { cause });
  }
  const inside = relative(top, target);
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw new SkerryError('symlink-outside', `the link ${path} leads out of the folder, to ${target}`);
  }
  if (await isPrivatePlace(top, inside)) return undefined;
  return { kind: await readable(stat(target), path), target };
}

async function isPrivatePlace(top: string, inside: string): Promise<boolean> {
  let folder = top;
  for (const name of inside.split(sep)) {
    if (isPrivateName(name) || (await isDataFolder(folder))) return true;
    folder = join(folder, name);
  }
  return false;
}

function foundFile(path: string, { target, kind }: Place): FoundFile {
  if (!kind.isFile()) throw new SkerryError('not-a-file', `${path} is a pipe, socket or device`);
  const fault = pathFault(path);
  if (fault !== undefined) throw refusedPath(path, fault);
  return { path: path as ContentPath, file: target };
}

async function readable<T>(reading: Promise<T>, path: string): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): SkerryError {
  const code = systemCode(cause);
  // The file has disappeared since its folder was listed.
  if (code === 'ENOENT' || code === 'ENOTDIR') return changed(path, cause);
  return new SkerryError('unreadable-file', `${path} cannot be read (${code})`, { cause });
}
