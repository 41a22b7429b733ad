import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { SkerryError, systemCode } from '../../../shared/errors.ts';

/** The file at the top of a folder that lists what is left out, in the syntax of `.gitignore`. */
export const IGNORE_FILE = '.skerryignore';
const MOST_BYTES = 256 * 1024;

/**
 * Files that are not meant for readers: hidden files except those of RFC 8615, backup and swap files of editors, and
 * installed packages.
 */
const BY_DEFAULT = ['.*', '!.well-known', '*~', '*.swp', '*.swo', '\\#*#', 'node_modules'];

export interface LeftOut {
  /** Paths are relative to the published folder. The folder itself is never left out. */
  file(path: string): boolean;
  /** Whether nothing below the folder is published, so that the folder need not be read. */
  folder(path: string): boolean;
}

/**
 * Applies the defaults, then the folder's `.skerryignore`, then the globs of `--include`. These are written as in
 * `.gitignore`, and can match files in a folder that is left out if they name the path to them.
 */
export function leftOut(ignoreFile: string, includes: readonly string[]): LeftOut {
  const rules = matcher(BY_DEFAULT).add(ignoreFile);
  const included = matcher(includes);
  return {
    file: (path) => path === IGNORE_FILE || (rules.ignores(path) && !included.ignores(path)),
    folder: (path) =>
      rules.ignores(`${path}/`) &&
      !included.ignores(`${path}/`) &&
      !includes.some((glob) => mayMatchBelow(glob, path)),
  };
}

export const leftOutByDefault: LeftOut = leftOut('', []);

/** Throws `bad-config` when `.skerryignore` cannot be read. */
export async function readLeftOut(folder: string, includes: readonly string[]): Promise<LeftOut> {
  return leftOut(await ignoreFileOf(folder), includes);
}

function matcher(patterns: readonly string[]): Ignore {
  return ignore({ ignorecase: false }).add(patterns);
}

/** `node_modules/three/*.js` may match below `node_modules` and `node_modules/three`. `*.js` names no folder. */
function mayMatchBelow(glob: string, folder: string): boolean {
  const way = glob.replace(/^\//, '').split('/').slice(0, -1);
  if (way.length === 0) return false;
  for (const [i, name] of folder.split('/').entries()) {
    const pattern = way[i];
    if (pattern === '**') return true;
    if (pattern === undefined || !matchesGlob(name, pattern)) return false;
  }
  return true;
}

async function ignoreFileOf(folder: string): Promise<string> {
  const file = join(folder, IGNORE_FILE);
  try {
    // With this flag, opening does not wait if the name belongs to a pipe without a writer.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > MOST_BYTES)
      throw new SkerryError('bad-config', `${file} is not a file of at most ${MOST_BYTES} bytes`);
    return await handle.readFile('utf8');
  } catch (cause) {
    if (cause instanceof SkerryError) throw cause;
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw new SkerryError('bad-config', `${file} cannot be read (${code})`, { cause });
  }
}
