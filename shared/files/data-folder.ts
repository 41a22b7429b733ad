import { chmod, lstat, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Type } from 'typebox';
import { SkerryError, systemCode } from '../errors.ts';
import { schema } from '../json/schema.ts';
import { writeDurably } from './durable-file.ts';
import { lockFolder } from './folder-lock.ts';
import { FORMAT_FILE } from './format-file.ts';

const FORMAT = 1;

const formatFile = schema(Type.Object({ role: Type.String(), format: Type.Integer() }));

export interface DataFolder {
  readonly path: string;
  /** Releases the lock. The operating system also releases it when the process ends for any reason. */
  release(): void;
}

/**
 * Opens or creates the data folder of an origin or edge, and locks it for this process. Other users cannot read it.
 * Refuses a folder that belongs to another user or to the other role, has a newer format, is in use, or contains
 * foreign files.
 */
export async function openDataFolder(path: string, role: 'origin' | 'edge'): Promise<DataFolder> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new SkerryError('bad-config', `cannot create the data folder ${folder}: ${systemCode(cause)}`, {
      cause,
    });
  }
  await requireOwn(folder);
  const marker = join(folder, FORMAT_FILE);
  const found = await readMarker(marker);
  if (found === undefined) {
    if ((await readdir(folder)).some((name) => !name.startsWith('.'))) {
      throw new SkerryError('data-folder-foreign', `${folder} is not empty and not a data folder of Skerry`);
    }
    await writeDurably(marker, `${JSON.stringify({ role, format: FORMAT })}\n`);
  } else if (found.role !== role) {
    throw new SkerryError(
      'data-folder-foreign',
      `${folder} belongs to a Skerry ${found.role}, not to an ${role}`,
    );
  } else if (found.format > FORMAT) {
    throw new SkerryError(
      'data-folder-newer',
      `${folder} has data format ${found.format}, this version reads up to ${FORMAT}`,
    );
  }
  const release = lockFolder(folder);
  await keepFromOthers(folder);
  return { path: folder, release };
}

async function readMarker(marker: string): Promise<{ role: string; format: number } | undefined> {
  let text: string;
  try {
    text = await readFile(marker, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return formatFile.parseText(text, 'data-folder-foreign');
}

/** The owner of a folder could put anything into it, so the folder must belong to this user. */
async function requireOwn(folder: string): Promise<void> {
  const { uid } = await stat(folder);
  const own = process.getuid?.();
  if (own !== undefined && uid !== own) {
    throw new SkerryError(
      'data-folder-foreign',
      `${folder} belongs to another user (${uid}): give it to the user that runs Skerry (${own})`,
    );
  }
}

/**
 * Denies other users access to the folder and to its direct entries, no matter who created them. Other users then
 * cannot reach deeper entries either.
 */
async function keepFromOthers(folder: string): Promise<void> {
  for (const name of ['.', ...(await readdir(folder))]) {
    const place = join(folder, name);
    const stats = await lstat(place);
    if (stats.isSymbolicLink() || (stats.mode & 0o077) === 0) continue;
    await chmod(place, stats.isDirectory() ? 0o700 : 0o600);
  }
}
